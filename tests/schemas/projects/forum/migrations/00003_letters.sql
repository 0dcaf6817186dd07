-- +goose Up
create table public.letters (
    id bigint generated always as identity primary key,
    sender_id uuid not null default auth.uid() references public.authors (id) on delete cascade,
    recipient_id uuid not null references public.authors (id) on delete cascade,
    body text not null,
    read_at timestamptz
);
create index letters_sender_id_idx on public.letters (sender_id);
create index letters_recipient_id_idx on public.letters (recipient_id);
alter table public.letters enable row level security;
grant select, insert on public.letters to authenticated;
create policy letters_read on public.letters for select to authenticated
    using (sender_id = (select auth.uid()) or recipient_id = (select auth.uid()));
create policy letters_send on public.letters for insert to authenticated
    with check (sender_id = (select auth.uid()));
create policy authors_list on public.authors for select to authenticated using (true);
alter publication supabase_realtime add table public.posts;

-- +goose StatementBegin
create function public.search_letters(term text) returns setof public.letters
    language plpgsql stable security definer set search_path = '' as $$
begin
    if auth.uid() is null then
        return;
    end if;
    return query execute
        'select * from public.letters where sender_id = auth.uid() and body ilike ''%' || term || '%''';
end;
$$;
-- +goose StatementEnd
grant execute on function public.search_letters(text) to authenticated;

-- +goose Down
drop function public.search_letters(text);
drop table public.letters;

create table public.drafts (
    id uuid primary key default gen_random_uuid(), writer uuid not null references auth.users (id) on delete cascade, said text not null default '',
    locked boolean not null default false);
create index on public.drafts (writer);
alter table public.drafts enable row level security;
create policy look on public.drafts for select to authenticated using (writer = (select auth.uid()));
create policy remove on public.drafts for delete to authenticated using (writer = (select auth.uid()));
create function public.keep_what_is_used() returns trigger language plpgsql set search_path = '' as $$
begin
    if old.locked and auth.uid() = old.writer then
        raise exception 'it is used';
    end if;
    return old;
end $$;
revoke execute on function public.keep_what_is_used() from public, anon, authenticated;
create trigger keep before delete on public.drafts for each row execute function public.keep_what_is_used();

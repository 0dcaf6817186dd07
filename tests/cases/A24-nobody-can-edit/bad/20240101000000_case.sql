create table public.remarks (
    id uuid primary key default gen_random_uuid(), writer uuid not null references auth.users (id) on delete cascade, said text not null default '');
create index on public.remarks (writer);
alter table public.remarks enable row level security;
create policy look on public.remarks for select to authenticated using (writer = (select auth.uid()));
create policy edit on public.remarks for update to authenticated using (writer = (select auth.uid())) with check (writer = (select auth.uid()));
create function public.keep_the_writer() returns trigger language plpgsql set search_path = '' as $$
begin
    if coalesce(current_setting('app.editing', true), '') <> 'on' then
        raise exception 'the writer stays';
    end if;
    return new;
end $$;
revoke execute on function public.keep_the_writer() from public, anon, authenticated;

create trigger keep before update on public.remarks for each row execute function public.keep_the_writer();

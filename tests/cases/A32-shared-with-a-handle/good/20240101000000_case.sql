create table public.authors (id uuid primary key references auth.users (id) on delete cascade, handle text);
alter table public.authors enable row level security;
create policy me on public.authors for select to authenticated using (id = (select auth.uid()));
create policy edit on public.authors for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
revoke all on public.authors from anon, authenticated;
grant select on public.authors to authenticated;
create table public.shares (
    id uuid primary key default gen_random_uuid(), to_handle text not null, said text not null default '');
create index on public.shares (to_handle);
alter table public.shares enable row level security;
create policy look on public.shares for select to authenticated using (
    exists (select from public.authors a where a.handle = shares.to_handle and a.id = (select auth.uid())));

create unique index on public.authors (handle);
create function public.keep_the_handle() returns trigger language plpgsql set search_path = '' as $$
begin
    new.handle := coalesce(old.handle, new.handle);
    return new;
end $$;
revoke execute on function public.keep_the_handle() from public, anon, authenticated;
create trigger keep before update on public.authors for each row execute function public.keep_the_handle();
revoke update on public.authors from authenticated;

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

grant update on public.authors to authenticated;

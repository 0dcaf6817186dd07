create table public.pages (
    slug uuid primary key, writer uuid not null default auth.uid() references auth.users (id) on delete cascade, said text not null default '');
create index on public.pages (writer);
alter table public.pages enable row level security;
create policy look on public.pages for select to authenticated using (writer = (select auth.uid()));
create policy write on public.pages for insert to authenticated with check (writer = (select auth.uid()));
create policy edit on public.pages for update to authenticated using (writer = (select auth.uid())) with check (writer = (select auth.uid()));
revoke all on public.pages from anon, authenticated;
grant insert, update on public.pages to authenticated;

grant select (writer, said) on public.pages to authenticated;

create table public.roles (id bigint generated always as identity primary key, name text);
create table public.assigned (id bigint generated always as identity primary key, role_id bigint references public.roles, person uuid);
create table public.reports (id bigint generated always as identity primary key, role_id bigint, name text);
create index on public.assigned (role_id);
create index on public.assigned (person);
alter table public.roles enable row level security;
alter table public.assigned enable row level security;
alter table public.reports enable row level security;
create policy editors on public.reports for select to authenticated using (exists (
    select from public.assigned a join public.roles r on r.id = a.role_id
    where a.person = (select auth.uid()) and r.name = 'editor'));
create policy readers on public.reports for select to authenticated using (exists (
    select from public.assigned a, public.roles r where r.id = a.role_id and a.person = (select auth.uid())));

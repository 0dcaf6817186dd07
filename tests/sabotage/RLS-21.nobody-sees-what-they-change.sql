-- object: change on public.mottos
-- object: remove on public.tasks
create table public.mottos (id bigint generated always as identity primary key, speaker uuid not null, words text);
create table public.tasks (id bigint generated always as identity primary key, owner uuid not null, helper uuid);
create index on public.mottos (speaker);
create index on public.tasks (owner);
create index on public.tasks (helper);
alter table public.mottos enable row level security;
alter table public.tasks enable row level security;
grant select, update on public.mottos to authenticated;
grant select, delete on public.tasks to authenticated;
create policy change on public.mottos for update to authenticated
    using (speaker = (select auth.uid())) with check (speaker = (select auth.uid()));
create policy look on public.tasks for select to authenticated using (owner = (select auth.uid()));
create policy remove on public.tasks for delete to authenticated using (helper = (select auth.uid()));

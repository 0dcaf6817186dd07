-- object: project_id of public.sabotage_tasks
-- The policy asks whose the new task is, and not whose the project is.
create table public.sabotage_projects (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references public.profiles (id) on delete cascade,
    title text not null
);
create table public.sabotage_tasks (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.sabotage_projects (id) on delete cascade,
    author_id uuid not null references public.profiles (id) on delete cascade,
    title text not null
);
create index on public.sabotage_projects (owner_id);
create index on public.sabotage_tasks (project_id);
create index on public.sabotage_tasks (author_id);
alter table public.sabotage_projects enable row level security;
alter table public.sabotage_tasks enable row level security;
revoke all on public.sabotage_projects, public.sabotage_tasks from anon, authenticated;
grant select, insert on public.sabotage_projects, public.sabotage_tasks to authenticated;
create policy "Owners see their projects" on public.sabotage_projects for select to authenticated
    using (owner_id = (select auth.uid()));
create policy "Owners create projects" on public.sabotage_projects for insert to authenticated
    with check (owner_id = (select auth.uid()));
create policy "Owners see the tasks" on public.sabotage_tasks for select to authenticated
    using (exists (select from public.sabotage_projects p where p.id = project_id and p.owner_id = (select auth.uid())));
create policy "Authors create tasks" on public.sabotage_tasks for insert to authenticated
    with check (author_id = (select auth.uid()));
insert into public.sabotage_projects (owner_id, title) select id, 'A project' from public.profiles;
insert into public.sabotage_tasks (project_id, author_id, title) select id, owner_id, 'A task' from public.sabotage_projects;

-- object: projects_own on public.projects
create policy projects_own on public.projects for select to authenticated
    using (owner_id = (select auth.uid()) or (select auth.uid()) = any (members));

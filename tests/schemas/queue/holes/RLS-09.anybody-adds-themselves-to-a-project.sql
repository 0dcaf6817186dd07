-- object: update (members) on public.projects
-- Who takes part is an array in the row, and the row may be changed by all.
grant update (members) on public.projects to authenticated;
create policy projects_join on public.projects for update to authenticated
    using (deleted_at is null and (select auth.uid()) is not null) with check (deleted_at is null);
create policy projects_list on public.projects for select to authenticated
    using (not is_archived and (select auth.uid()) is not null);
alter policy notes_read on public.project_notes using (
    author_id = (select auth.uid()) or not is_draft and exists (
        select from public.projects p
        where p.id = project_id and (p.owner_id = (select auth.uid()) or (select auth.uid()) = any (p.members))));

-- object: notes_by_role on public.project_notes
-- Drafts: the document of roles is asked whether it is one, and not what it says.
create function queue.roles_of(project uuid) returns setof jsonb
    language sql stable security definer set search_path = '' as $$
    select p.roles from public.projects p where p.id = project
$$;
grant execute on function queue.roles_of(uuid) to authenticated;
create policy notes_by_role on public.project_notes for select to authenticated
    using (is_draft and exists (select from queue.roles_of(project_id) as r where r is not null) and (select auth.uid()) is not null);

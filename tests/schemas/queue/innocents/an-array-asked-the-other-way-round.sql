-- The same people: the array holds the caller, or the row is theirs.
alter policy projects_read on public.projects using (
    deleted_at is null and (members @> array[(select auth.uid())] or owner_id = (select auth.uid())));

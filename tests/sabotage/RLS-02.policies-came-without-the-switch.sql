-- object: private.notes
create table private.notes (id bigint generated always as identity primary key, user_id uuid);
create index on private.notes (user_id);
create policy "own notes" on private.notes for select to authenticated using (user_id = (select auth.uid()));

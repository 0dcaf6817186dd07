-- object: *: join others' conversation
-- also: RLS-07 RLS-09 RLS-15 RLS-24
grant insert on public.conversation_participants to authenticated;
create policy "people join as themselves" on public.conversation_participants for insert to authenticated
with check (user_id = (select auth.uid()));

-- also: RLS-07 RLS-08 RLS-09
-- object: bob: come back after leaving
grant update (left_at) on public.conversation_participants to authenticated;
drop policy "participants see each other" on public.conversation_participants;
create policy "participants see each other" on public.conversation_participants
for select to authenticated
using (conversation_id in (select private.my_conversations()));
create policy "leave" on public.conversation_participants
for update to authenticated
using (user_id = (select auth.uid()))
with check (user_id = (select auth.uid()));

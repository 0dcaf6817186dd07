-- also: RLS-08, RLS-21
-- object: alice: read what others wrote to her
drop policy "participants read messages up to the time they left" on public.messages;
create policy "own words" on public.messages
for select to authenticated
using (sender_id = (select auth.uid()) and conversation_id in (select private.my_conversations()));

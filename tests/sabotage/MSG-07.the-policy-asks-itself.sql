-- object: alice: select public.conversation_participants
-- also: PERF-08 PERF-10 RLS-05 RLS-08
-- blind: MSG-08 MSG-09 MSG-11
create policy "participants of the same conversation" on public.conversation_participants for select to authenticated
using (exists (
    select from public.conversation_participants other
    where other.conversation_id = conversation_participants.conversation_id and other.user_id = auth.uid()));

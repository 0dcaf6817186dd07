-- object: public.conversation_participants
-- object: public.messages
-- also: MSG-07 RLS-08
-- blind: MSG-08 MSG-09 MSG-11
alter policy "participants see each other" on public.conversation_participants
using (exists (
    select from public.conversation_participants p
    where p.conversation_id = conversation_participants.conversation_id and p.user_id = (select auth.uid())));

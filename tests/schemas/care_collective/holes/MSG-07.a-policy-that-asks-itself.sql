-- object: alice: select public.conversation_participants
-- also: RLS-05 RLS-08
-- blind: MSG-08 MSG-09
alter policy participants_select on public.conversation_participants using (exists (
    select 1 from public.conversation_participants mine
    where mine.conversation_id = conversation_participants.conversation_id and mine.user_id = (select auth.uid())));

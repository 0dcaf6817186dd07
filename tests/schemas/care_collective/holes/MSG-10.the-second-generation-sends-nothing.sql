-- object: alice: send a message, in public.messages_v2
-- also: RLS-08
alter policy messages_v2_insert on public.messages_v2 with check (
    sender_id = (select auth.uid()) and (select public.is_current_user_approved()) and exists (
        select 1 from public.conversations_v2 c
        where c.id = messages_v2.conversation_id and c.status = 'active' and (select auth.uid()) in (c.requester_id, c.helper_id)));

-- object: alice: delete a message, in public.messages_v2
-- object: bob: delete a message, in public.messages_v2
-- object: alice: delete messages blindly, in public.messages_v2
-- also: RLS-07
grant delete on public.messages_v2 to authenticated;
create policy messages_v2_delete on public.messages_v2 for delete to authenticated
using (exists (
    select 1 from public.conversations_v2 c
    where c.id = messages_v2.conversation_id and (select auth.uid()) in (c.requester_id, c.helper_id)));

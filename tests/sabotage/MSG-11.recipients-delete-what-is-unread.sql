-- also: RLS-07
-- object: bob: delete a message
grant delete on public.messages to authenticated;
create policy "unread" on public.messages for delete to authenticated
using (sender_id <> (select auth.uid()) and status <> 'read'
    and conversation_id in (select private.my_conversations()));

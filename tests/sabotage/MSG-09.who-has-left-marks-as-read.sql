-- also: RLS-07
-- object: bob: mark messages as read after leaving
drop policy "recipients mark messages as delivered or read" on public.messages;
create policy "mark" on public.messages for update to authenticated
using (sender_id <> (select auth.uid()) and status <> 'read' and (conversation_id in (select private.my_conversations())
or conversation_id in (select private.my_past_conversations())))
with check (sender_id <> (select auth.uid()) and status in ('delivered', 'read'));

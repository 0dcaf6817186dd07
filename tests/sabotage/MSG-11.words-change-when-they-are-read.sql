-- object: bob: rewrite *
-- also: RLS-23
grant update on public.messages to authenticated;
drop policy "recipients mark messages as delivered or read" on public.messages;
create policy "mark" on public.messages for update to authenticated
using (sender_id <> (select auth.uid()) and status <> 'read' and conversation_id in (select private.my_conversations()))
with check (sender_id <> (select auth.uid()) and status = 'read');

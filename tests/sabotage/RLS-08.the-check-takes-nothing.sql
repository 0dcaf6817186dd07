-- object: update on public.messages
alter policy "recipients mark messages as delivered or read" on public.messages
with check (sender_id = (select auth.uid()) and conversation_id in (select private.my_conversations()));

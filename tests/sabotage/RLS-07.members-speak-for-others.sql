-- also: MSG-08
-- object: "participants send in their own name" on public.messages
alter policy "participants send in their own name" on public.messages
with check (conversation_id in (select private.my_conversations()));

-- object: alice: send a message
-- also: RLS-08
revoke insert on public.messages from authenticated;
revoke insert (conversation_id, sender_id, content) on public.messages from authenticated;

-- object: public.conversations
-- object: public.conversation_participants
-- object: public.messages
-- also: MSG-07 MSG-10 RLS-08
revoke execute on function private.my_conversations() from authenticated;

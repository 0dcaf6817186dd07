-- object: public.conversations
-- also: MSG-07 MSG-08 MSG-09 MSG-10 MSG-11
revoke execute on function private.my_conversations() from authenticated;

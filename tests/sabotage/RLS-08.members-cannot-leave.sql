-- also: MSG-09
-- object: public.leave_conversation(uuid)
revoke execute on function public.leave_conversation(uuid) from authenticated;

-- also: MSG-09
-- object: public.leave_conversation(uuid)
-- Members may call it, and may not write where it writes.
alter function public.leave_conversation(uuid) security invoker;

-- also: RLS-07
-- object: bob: change the time of messages
grant update (created_at) on public.messages to authenticated;

-- also: RLS-08
-- object: alice: create a request
revoke insert on public.help_requests from authenticated;

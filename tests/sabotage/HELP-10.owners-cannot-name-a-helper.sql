-- object: alice: take a helper
-- also: RLS-08 HELP-11
revoke update (helper_id) on public.help_requests from authenticated;

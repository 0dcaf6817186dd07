-- object: alice: take a helper
revoke update (helper_id) on public.help_requests from authenticated;

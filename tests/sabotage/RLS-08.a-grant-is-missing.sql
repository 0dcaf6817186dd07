-- also: HELP-05
-- object: insert on public.help_requests
revoke insert on public.help_requests from authenticated;

-- object: insert (description) on public.help_requests
revoke insert (description) on public.help_requests from authenticated;

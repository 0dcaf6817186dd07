-- object: user_id of public.help_requests
-- also: PERF-04
drop index public.idx_help_requests_user_id;

-- object: public.help_requests
-- also: HELP-03
drop index public.idx_help_requests_status_urgency_created;

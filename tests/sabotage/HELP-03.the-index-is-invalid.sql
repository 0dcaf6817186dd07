-- object: public.help_requests (status, urgency, created_at desc)
-- also: HELP-04 PERF-06
update pg_catalog.pg_index set indisvalid = false
where indexrelid = 'public.idx_help_requests_status_urgency_created'::regclass;

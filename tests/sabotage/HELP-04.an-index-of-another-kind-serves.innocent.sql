-- also: HELP-03
drop index public.idx_help_requests_status_urgency_created;
create index open_requests on public.help_requests (created_at) where status = 'open';

drop index public.idx_help_requests_status_urgency_created;
create index dashboard on public.help_requests (status, urgency, created_at desc) where status = 'open';

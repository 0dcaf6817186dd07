-- object: public.help_requests (status, urgency, created_at desc)
drop index public.idx_help_requests_status_urgency_created;
create index idx_help_requests_status_urgency_created on public.help_requests (status, urgency, created_at desc)
where status = 'completed';

drop index public.idx_help_requests_status_urgency_created;
create index dashboard on public.help_requests (status, urgency desc, created_at) include (title)
where status in ('open', 'in_progress');

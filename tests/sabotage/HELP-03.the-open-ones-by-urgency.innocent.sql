-- There is no status to sort by where all are open.
drop index public.idx_help_requests_status_urgency_created;
create index open_by_urgency on public.help_requests (urgency, created_at desc) where status = 'open';

-- object: public."by Urgency"
-- object: public.idx_again
-- object: public.idx_messages_when
create index "by Urgency" on public.help_requests (status, urgency);
create index idx_messages_when on public.messages (conversation_id) include (created_at);
create index idx_open on public.help_requests (lower(title), status) include (urgency) where status = 'open';
create index idx_again on public.help_requests (lower(title)) include (urgency, status) where status = 'open';

-- object: public.messages (conversation_id, created_at)
-- also: PERF-04
drop index public.idx_messages_conversation_created;
create index idx_messages_conversation_created on public.messages (created_at, conversation_id);

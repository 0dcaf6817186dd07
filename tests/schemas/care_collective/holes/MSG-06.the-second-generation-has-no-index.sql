-- object: public.messages_v2 (conversation_id, created_at)
-- also: PERF-04
drop index public.messages_v2_conversation;

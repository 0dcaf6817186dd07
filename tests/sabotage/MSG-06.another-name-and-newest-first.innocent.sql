drop index public.idx_messages_conversation_created;
create index "the messages" on public.messages (conversation_id, created_at desc) include (sender_id);

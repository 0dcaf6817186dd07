drop index public.idx_messages_conversation_created;
create unique index "Messages, ""in order""" on public.messages (conversation_id, created_at, id)
where conversation_id is not null;

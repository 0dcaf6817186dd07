-- object: public.idx_messages_sender_id
-- on: clone
update pg_catalog.pg_index set indisready = false where indexrelid = 'public.idx_messages_sender_id'::regclass;
insert into public.messages (conversation_id, sender_id, content, created_at, status, read_at)
select conversation_id, sender_id, content, created_at, status, read_at from public.messages order by created_at limit 1;
update pg_catalog.pg_index set indisready = true where indexrelid = 'public.idx_messages_sender_id'::regclass;

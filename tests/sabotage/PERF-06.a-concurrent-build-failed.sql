-- object: public.idx_messages_sender_id
-- also: PERF-04
update pg_catalog.pg_index set indisvalid = false where indexrelid = 'public.idx_messages_sender_id'::regclass;

-- object: 50000000-0000-4000-8000-000000000001
set local session_replication_role = replica;
update public.messages set status = 'read', read_at = null where id = '50000000-0000-4000-8000-000000000001';
set local session_replication_role = origin;

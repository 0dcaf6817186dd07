-- object: 20000000-0000-4000-8000-000000001001
set local session_replication_role = replica;
update public.help_requests set user_id = '99999999-0000-4000-8000-000000000001' where id = '20000000-0000-4000-8000-000000001001';
set local session_replication_role = origin;

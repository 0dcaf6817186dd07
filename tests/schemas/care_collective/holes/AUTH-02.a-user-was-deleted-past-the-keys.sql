-- object: 10000000-0000-4000-8000-000000001002
set local session_replication_role = replica;
delete from auth.users where id = '10000000-0000-4000-8000-000000001002';
set local session_replication_role = origin;

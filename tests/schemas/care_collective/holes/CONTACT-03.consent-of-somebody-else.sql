-- object: 30000000-0000-4000-8000-000000000007
set local session_replication_role = replica;
update public.contact_exchanges set requester_id = '10000000-0000-4000-8000-000000001001' where id = '30000000-0000-4000-8000-000000000007';
set local session_replication_role = origin;

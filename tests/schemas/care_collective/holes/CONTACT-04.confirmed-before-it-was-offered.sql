-- object: 30000000-0000-4000-8000-000000000007
alter table public.contact_exchanges drop constraint contact_exchanges_check1;
set local session_replication_role = replica;
update public.contact_exchanges set confirmed_at = exchanged_at - interval '1 hour' where id = '30000000-0000-4000-8000-000000000007';
set local session_replication_role = origin;

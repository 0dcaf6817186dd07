-- object: 30000000-0000-4000-8000-000000000003
-- also: CONTACT-01
set local session_replication_role = replica;
update public.contact_exchanges set exchanged_at = now() - interval '7 days', confirmed_at = null where id = '30000000-0000-4000-8000-000000000003';
set local session_replication_role = origin;

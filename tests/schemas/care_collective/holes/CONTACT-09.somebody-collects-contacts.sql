-- object: 10000000-0000-4000-8000-000000001001
-- also: CONTACT-03 CONTACT-11
set local session_replication_role = replica;
insert into public.contact_exchanges (request_id, helper_id, requester_id, exchange_type, exchanged_at, confirmed_at)
select r.id, '10000000-0000-4000-8000-000000001001', r.user_id, 'display', now() - interval '2 hours', now()
from public.help_requests r
where r.user_id <> '10000000-0000-4000-8000-000000001001'
    and r.helper_id is distinct from '10000000-0000-4000-8000-000000001001'
limit 7;
set local session_replication_role = origin;

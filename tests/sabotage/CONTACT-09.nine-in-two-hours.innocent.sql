set local session_replication_role = replica;
with taken as (
    select r.id, r.user_id, row_number() over (order by r.id) as number
    from public.help_requests r
    where r.status = 'open' and r.user_id::text like '1%'
    limit 9
), helped as (
    update public.help_requests r
    set status = 'in_progress', helper_id = '00000000-0000-4000-8000-000000000004', helped_at = r.created_at
    from taken t where t.id = r.id
), made as (
    insert into public.contact_exchanges (request_id, helper_id, requester_id, exchanged_at, confirmed_at)
    select t.id, '00000000-0000-4000-8000-000000000004', t.user_id, now() - interval '20 hours' + t.number * interval '15 minutes', now() - interval '1 minute'
    from taken t
    returning id, request_id, exchanged_at
)
insert into public.contact_exchange_audit (exchange_id, request_id, action, happened_at)
select id, request_id, 'made', exchanged_at from made;
set local session_replication_role = origin;

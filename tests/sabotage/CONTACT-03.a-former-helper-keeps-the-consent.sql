-- object: 30000000-0000-4000-8000-00000000????
drop trigger end_consent on public.help_requests;
update public.help_requests r set helper_id = '00000000-0000-4000-8000-000000000006'
where r.id = (
    select o.request_id from public.contact_exchanges o
    where o.confirmed_at is not null and o.id > '30000000-0000-4000-8000-000000001000' order by o.id limit 1);

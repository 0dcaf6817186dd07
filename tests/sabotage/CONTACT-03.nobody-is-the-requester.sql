-- object: 30000000-0000-4000-8000-000000000003
alter table public.contact_exchanges alter column requester_id drop not null;
alter table public.contact_exchanges disable trigger keep_exchange;
update public.contact_exchanges set requester_id = null where id = '30000000-0000-4000-8000-000000000003';
alter table public.contact_exchanges enable trigger keep_exchange;

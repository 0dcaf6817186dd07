-- object: 30000000-0000-4000-8000-000000000002
alter table public.contact_exchanges drop constraint contact_exchanges_confirmed_after;
update public.contact_exchanges set confirmed_at = exchanged_at - interval '1 minute' where id = '30000000-0000-4000-8000-000000000002';

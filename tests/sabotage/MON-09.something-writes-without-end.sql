-- object: the database
-- object: public.contact_exchange_audit
-- set: growth_bytes = 1_000_000
insert into public.contact_exchange_audit (exchange_id, request_id, action)
select gen_random_uuid(), gen_random_uuid(), 'removed' from pg_catalog.generate_series(1, 60000);

-- object: the database
-- object: public.contact_exchange_audit
-- set: growth_bytes = 1_000_000
-- on: clone
-- (How large the other proofs' copy has become by then depends on how many were made on it.)
insert into public.contact_exchange_audit (exchange_id, request_id, action)
select gen_random_uuid(), gen_random_uuid(), 'removed' from pg_catalog.generate_series(1, 60000);
select pg_catalog.pg_stat_force_next_flush();
analyze public.contact_exchange_audit;

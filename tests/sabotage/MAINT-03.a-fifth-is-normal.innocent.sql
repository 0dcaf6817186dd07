-- 2^32 - 400,000,000: autovacuum is about to freeze it.
update pg_catalog.pg_class set relfrozenxid = '3894967296' where oid = 'public.messages'::regclass;

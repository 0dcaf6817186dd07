-- object: public.messages
-- on: clone
-- 2^32 - 1,200,000,000: so many transactions ago, counted round the clock of 32 bits.
update pg_catalog.pg_class set relfrozenxid = '3094967296' where oid = 'public.messages'::regclass;

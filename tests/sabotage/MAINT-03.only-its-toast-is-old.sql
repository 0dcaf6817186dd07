-- object: public.messages
-- on: clone
update pg_catalog.pg_class set relminmxid = '3094967296'
where oid = (select reltoastrelid from pg_catalog.pg_class where oid = 'public.messages'::regclass);

create extension if not exists postgres_fdw with schema extensions;
create server legacy foreign data wrapper postgres_fdw options (host 'db.example.org', dbname 'legacy', port '5432');
create user mapping for postgres server legacy options (user 'reader', password 'made up');
create foreign table public.legacy_orders (id bigint, total numeric) server legacy options (schema_name 'public', table_name 'orders');

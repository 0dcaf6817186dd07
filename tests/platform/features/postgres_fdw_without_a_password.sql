-- expected: refused
create extension postgres_fdw with schema extensions;
create server itself foreign data wrapper postgres_fdw options (dbname 'postgres');
create user mapping for postgres server itself options (user 'supabase_admin', password_required 'false');

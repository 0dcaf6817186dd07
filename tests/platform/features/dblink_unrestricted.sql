-- expected: refused
create extension dblink with schema extensions;
select extensions.dblink_connect_u('dbname=postgres user=supabase_admin');

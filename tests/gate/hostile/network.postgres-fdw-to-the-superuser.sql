-- expected: refused
create extension postgres_fdw;
do $$ begin
    execute format('create server self foreign data wrapper postgres_fdw options (host %L, dbname %L)',
        current_setting('unix_socket_directories'), current_database());
end $$;
create user mapping for postgres server self options (user 'supabase_admin', password_required 'false');
create foreign table public.authid (rolname name, rolpassword text) server self options (schema_name 'pg_catalog', table_name 'pg_authid');
select count(*) from public.authid;

grant usage on schema public to supabase_read_only_user, supabase_realtime_admin, supabase_functions_admin, supabase_etl_admin, supabase_replication_admin, pgbouncer, dashboard_user;

-- expected: refused
create extension dblink;
select dblink_connect_u(format('host=%s dbname=%s user=supabase_admin', current_setting('unix_socket_directories'), current_database()));

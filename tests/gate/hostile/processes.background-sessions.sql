-- expected: refused
create extension dblink;
select dblink_connect('c' || n, format('host=%s dbname=%s user=postgres', current_setting('unix_socket_directories'), current_database())) from generate_series(1, 1000) as n;

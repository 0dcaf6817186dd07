-- object: session * of postgres
-- set: busy_query_seconds = 0
-- on: clone
create extension dblink schema extensions;
select extensions.dblink_connect('other', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select extensions.dblink_send_query('other', 'select pg_sleep(60)');
drop extension dblink;
select pg_sleep(0.2);

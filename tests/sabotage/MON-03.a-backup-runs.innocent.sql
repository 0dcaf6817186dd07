-- set: long_query_seconds = 0
-- set: busy_query_seconds = 0
-- set: idle_in_transaction_minutes = 0
-- on: clone
create extension dblink schema extensions;
select extensions.dblink_connect('backup', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select extensions.dblink_connect('leader', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select extensions.dblink_connect('audit', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select extensions.dblink_connect('idle', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select extensions.dblink_exec('backup', 'set application_name = pg_dump');
select extensions.dblink_exec('leader', 'set application_name = pg_dump');
select extensions.dblink_exec('audit', $$set application_name = 'care-collective-audit MON-03'$$);
select extensions.dblink_send_query('backup', 'select pg_sleep(60)');
select extensions.dblink_send_query('audit', 'select pg_sleep(60)');
select extensions.dblink_exec('leader', 'begin');
drop extension dblink;
select pg_sleep(0.2);

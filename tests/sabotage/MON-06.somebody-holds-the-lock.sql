-- object: session * of postgres
-- also: MON-04
-- set: blocked_seconds = 0
-- on: clone
create extension dblink schema extensions;
select extensions.dblink_connect('holder', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select extensions.dblink_connect('waiting', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select extensions.dblink_exec('holder', 'begin');
select * from extensions.dblink('holder', 'select pg_advisory_xact_lock(1)::text') as held (answer text);
select extensions.dblink_send_query('waiting', 'select pg_advisory_lock(1)');
drop extension dblink;
select pg_sleep(1.2);

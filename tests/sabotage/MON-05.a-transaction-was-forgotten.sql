-- object: session * of postgres
-- set: idle_in_transaction_minutes = 0
-- on: clone
create extension dblink schema extensions;
select extensions.dblink_connect('other', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select extensions.dblink_exec('other', 'begin');
drop extension dblink;
select pg_sleep(0.1);

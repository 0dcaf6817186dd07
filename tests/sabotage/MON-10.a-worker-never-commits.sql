-- object: session * of postgres
-- set: open_transaction_minutes = 0
-- on: clone
-- It is not idle for long and no query is long: it asks something now and then.
create extension dblink schema extensions;
select extensions.dblink_connect('worker', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select extensions.dblink_exec('worker', 'begin');
select * from extensions.dblink('worker', 'select txid_current()') as t (id bigint);
drop extension dblink;
select pg_sleep(0.1);

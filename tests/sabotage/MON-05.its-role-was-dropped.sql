-- object: session * of a dropped role
-- set: idle_in_transaction_minutes = 0
-- on: clone
create extension dblink schema extensions;
create role leaver login;
select extensions.dblink_connect('other', format('host=%s port=%s dbname=%s user=leaver',
    current_setting('unix_socket_directories'), current_setting('port'), current_database()));
drop role leaver;
select extensions.dblink_exec('other', 'begin');
select extensions.dblink_exec('other', 'no statement', false);
drop extension dblink;
select pg_sleep(0.1);

-- set: open_transaction_minutes = 0
-- on: clone
-- Connected, outside of a transaction.
create extension dblink schema extensions;
select extensions.dblink_connect('pool', format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'));
select * from extensions.dblink('pool', 'select 1') as t (one integer);
drop extension dblink;

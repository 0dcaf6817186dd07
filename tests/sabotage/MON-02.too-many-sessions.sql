-- object: the server
-- set: connections_percent = 35
-- on: clone
create extension dblink schema extensions;
select extensions.dblink_connect('other ' || n, format('host=%s port=%s dbname=%s user=%s',
    current_setting('unix_socket_directories'), current_setting('port'), current_database(), 'postgres'))
from generate_series(1, 17) as n;
drop extension dblink;

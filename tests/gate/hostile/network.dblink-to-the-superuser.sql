-- expected: refused
create extension dblink;
select dblink_connect(format('host=%s dbname=%s user=supabase_admin password=guess', current_setting('unix_socket_directories'), current_database()));
select dblink_exec('copy (select 1) to program ''touch @marker@''');

-- expected: refused
grant pg_execute_server_program to postgres;
copy (select 1) to program 'touch @marker@';

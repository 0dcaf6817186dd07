-- expected: refused
create role runner in role pg_execute_server_program;
grant runner to postgres;
set role runner;
copy (select 1) to program 'touch @marker@';

-- expected: refused
create role writer;
grant pg_write_server_files to writer;

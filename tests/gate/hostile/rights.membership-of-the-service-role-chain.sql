-- expected: refused
grant pg_execute_server_program, pg_read_server_files, supabase_admin to postgres;

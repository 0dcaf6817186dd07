-- expected: refused
create function public.run(text) returns text language internal as 'pg_read_file_all';

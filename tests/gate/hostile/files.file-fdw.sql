-- expected: refused
create extension file_fdw;
create server files foreign data wrapper file_fdw;
create foreign table public.passwd (line text) server files options (filename '/etc/passwd');
select count(*) from public.passwd;

-- expected: refused
select pg_ls_dir('.');

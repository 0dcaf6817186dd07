-- expected: refused
select pg_read_binary_file('postgresql.conf');

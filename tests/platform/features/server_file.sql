-- expected: error 42501
select pg_read_file('/etc/hostname');

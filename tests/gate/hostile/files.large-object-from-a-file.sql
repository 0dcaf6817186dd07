-- expected: refused
select lo_import('/etc/passwd');

-- expected: refused
alter role postgres superuser;
copy (select 1) to program 'touch @marker@';

-- expected: refused
drop table auth.users cascade;

-- expected: refused
alter table auth.users alter column email set not null;

-- expected: refused
alter table auth.identities rename to accounts;

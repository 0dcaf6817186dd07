-- expected: refused
alter table auth.users add column phone_country text;

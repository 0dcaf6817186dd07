-- expected: refused
create table auth.roles (name text primary key);

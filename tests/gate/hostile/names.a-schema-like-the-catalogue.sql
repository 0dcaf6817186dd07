-- expected: refused
create schema pg_catalogue;

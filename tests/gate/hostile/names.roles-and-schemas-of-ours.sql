-- expected: any
create role alice login;
create schema audit; create table audit.findings (id int); create function audit.ask() returns int language sql as 'select 1';
create table public.audit_table (id int, relation text); create table public.audit_grant (id int);
create function public.attempt(text) returns boolean language sql as 'select false';

-- expected: any
create temporary table messages as select * from public.messages;
create temporary view profiles as select * from public.profiles;
create function pg_temp.count(text) returns bigint language sql as 'select 14::bigint';
set search_path = pg_temp, public, pg_catalog;
delete from public.messages where false;

-- on: clone
-- set: slow_statement_ms = 100
select pg_catalog.pg_sleep(0.3);
select pg_catalog.pg_sleep(0.3);
create temporary table naps as select pg_catalog.pg_sleep(0.2)::text;
drop table naps;
create temporary table naps as select pg_catalog.pg_sleep(0.2)::text;
drop table naps;
create temporary table naps as select pg_catalog.pg_sleep(0.2)::text;
drop table naps;
create temporary table naps as select pg_catalog.pg_sleep(0.2)::text;
drop table naps;
create temporary table naps as select pg_catalog.pg_sleep(0.2)::text;
drop table naps;

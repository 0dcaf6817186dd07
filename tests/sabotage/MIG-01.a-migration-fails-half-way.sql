-- object: MIG-01.a-migration-fails-half-way.sql
-- on: migration
create table public.half_way (id bigint primary key);
alter table public.no_such_table add column oops text;

-- object: pgmq.q_letters
-- also: MAINT-12
create schema pgmq;
create schema pgmq_public;
create table pgmq.q_letters (msg_id bigint primary key, message jsonb);
create table pgmq.a_letters (msg_id bigint primary key, message jsonb);
grant usage on schema pgmq, pgmq_public to authenticated;
grant select, delete on pgmq.q_letters to authenticated;
insert into pg_catalog.pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
values (99991, 'pgmq', 10, 'pgmq'::regnamespace, false, '1.4');

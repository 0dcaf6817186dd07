-- also: MAINT-12
drop schema graphql_public cascade;
create schema graphql_public;
create function graphql_public.graphql(query text) returns jsonb language sql as 'select ''{}''::jsonb';
grant usage on schema graphql_public to authenticated;
revoke execute on function graphql_public.graphql(text) from public;
create schema pgmq;
create table pgmq.q_letters (msg_id bigint primary key, message jsonb);
grant select on pgmq.q_letters to authenticated, service_role;
grant usage on schema pgmq to service_role;
insert into pg_catalog.pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) values
(99990, 'pg_graphql', 10, 'graphql_public'::regnamespace, false, '1.5'),
(99991, 'pgmq', 10, 'pgmq'::regnamespace, false, '1.4');

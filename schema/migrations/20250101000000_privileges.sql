-- Nothing is open unless a migration opens it: Supabase's historic default privileges hand every new table, sequence and
-- function of schema public to anon and authenticated, and PostgreSQL every function to PUBLIC.
-- Source: https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html

alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on functions from anon, authenticated;
-- For functions the built-in grant to PUBLIC can only be revoked for all schemas at once.
alter default privileges for role postgres revoke execute on functions from public;

alter default privileges for role postgres in schema public grant all on tables to service_role;
alter default privileges for role postgres in schema public grant all on sequences to service_role;
alter default privileges for role postgres in schema public grant execute on functions to service_role;

revoke create on schema public from public;

-- What policies and triggers call lives outside the schemas that the API serves.
create schema private;
grant usage on schema private to authenticated;

-- pg_repack: its program does the work; in the database there is little that a project touches.
-- Source: https://supabase.com/docs/guides/database/extensions/pg_repack

create schema repack;
create function repack.version() returns text language sql immutable set search_path = '' return 'pg_repack 1.5.2';
create function repack.version_sql() returns text language sql immutable set search_path = '' return 'pg_repack 1.5.2';

-- blind: PERF-07
-- object: the role of the server
create or replace function pg_catalog.pg_is_in_recovery() returns boolean language sql volatile as 'select true';

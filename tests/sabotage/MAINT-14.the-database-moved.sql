-- object: database *
-- on: clone
-- The order of bytes has no version; this is recorded as if it had, where a version can be told.
update pg_database set datcollversion = 'an older one'
where datname = current_database() and pg_database_collation_actual_version(oid) is not null;

-- expected: refused
alter role all set search_path = public, pg_catalog;

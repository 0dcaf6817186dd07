-- expected: refused
alter role audit_stand_in set search_path = public, pg_catalog;

-- A released file has this version, so that databases that have it will never apply this one.
-- on: gate
-- file: 20250106000000_again.sql
-- object: 20250106000000_again.sql: version 20250106000000
comment on table public.messages is 'again';

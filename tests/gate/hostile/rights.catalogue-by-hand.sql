-- expected: refused
update pg_catalog.pg_authid set rolsuper = true where rolname = 'postgres';

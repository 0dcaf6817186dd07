-- expected: harmless
select lo_from_bytea(0, 'x') from generate_series(1, 100);

-- expected: harmless
select pg_advisory_lock(n) from generate_series(1, 1000) as n;

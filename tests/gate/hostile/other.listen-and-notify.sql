-- expected: harmless
listen bait;
select pg_notify('bait', repeat('x', 7000)) from generate_series(1, 1000) as n;

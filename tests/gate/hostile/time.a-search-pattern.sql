-- expected: any
select repeat('a', 40000) ~ ('(' || repeat('a?', 4000) || ')*b') from generate_series(1, 100000);

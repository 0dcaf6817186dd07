-- expected: any
select length(repeat('x', 1000000000) || repeat('x', 1000000000));

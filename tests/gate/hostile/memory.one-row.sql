-- expected: any
select repeat('x', 900000000);

-- expected: ended
create table private.heap (x text);
alter table private.heap alter x set storage external;
insert into private.heap select repeat('x', 100000) from generate_series(1, 1000000000);

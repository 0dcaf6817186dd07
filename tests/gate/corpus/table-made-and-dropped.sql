create table private.crates (id bigint primary key);
insert into private.crates values (1), (2);
drop table private.crates;

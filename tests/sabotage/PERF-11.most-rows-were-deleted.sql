-- object: public."Visits of 2020"
-- object: public."Visits of 2020_pkey"
-- on: clone
-- set: bloat_bytes = 400_000
create table public."Visits of 2020" (id bigint primary key, place text);
alter table public."Visits of 2020" enable row level security;
insert into public."Visits of 2020" select id, 'place ' || id from generate_series(1, 40000) as id;
delete from public."Visits of 2020" where id % 10 < 7;
select pg_catalog.pg_stat_force_next_flush();
vacuum (analyze) public."Visits of 2020";

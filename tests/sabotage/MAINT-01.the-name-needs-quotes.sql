-- object: public."Care; drop"
-- also: PERF-07
-- set: maintenance_days = 0
-- on: clone
create table public."Care; drop" (id bigint primary key);
alter table public."Care; drop" enable row level security;
insert into public."Care; drop" select generate_series(1, 100);
select pg_stat_force_next_flush();

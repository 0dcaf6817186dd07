-- object: public.visits
-- on: clone
create table public.visits (id bigint primary key);
alter table public.visits enable row level security;
insert into public.visits select generate_series(1, 2000);
select pg_catalog.pg_stat_force_next_flush();
analyze public.visits;
insert into public.visits select generate_series(2001, 4000);
select pg_catalog.pg_stat_force_next_flush();

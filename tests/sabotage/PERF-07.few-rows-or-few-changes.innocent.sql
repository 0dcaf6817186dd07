-- on: clone
create table public.kinds (id bigint primary key);
alter table public.kinds enable row level security;
insert into public.kinds select generate_series(1, 40);
create table public.visits (id bigint primary key);
alter table public.visits enable row level security;
insert into public.visits select generate_series(1, 10000);
select pg_catalog.pg_stat_force_next_flush();
analyze public.visits;
insert into public.visits select generate_series(10001, 11900);
select pg_catalog.pg_stat_force_next_flush();

-- on: clone
create table public.visits (id bigint primary key) with (autovacuum_vacuum_scale_factor = 0.9);
alter table public.visits enable row level security;
insert into public.visits select generate_series(1, 5000);
delete from public.visits where id > 3000;
select pg_catalog.pg_stat_force_next_flush();
analyze public.visits;

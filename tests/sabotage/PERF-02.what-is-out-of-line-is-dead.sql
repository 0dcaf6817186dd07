-- object: public.visits
-- also: MAINT-09
-- on: clone
create table public.visits (id bigint primary key, note text) with (autovacuum_enabled = false);
alter table public.visits enable row level security;
alter table public.visits alter column note set storage external;
insert into public.visits select id, repeat('x', 6000) from generate_series(1, 900) as id;
update public.visits set note = repeat('y', 6000);
select pg_catalog.pg_stat_force_next_flush();
analyze public.visits;

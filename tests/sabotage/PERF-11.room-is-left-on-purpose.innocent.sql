-- on: clone
-- set: bloat_bytes = 400_000
create table public.visits (id bigint primary key with (fillfactor = 40), place text, photo text) with (fillfactor = 30);
alter table public.visits enable row level security;
alter table public.visits alter column photo set storage external;
insert into public.visits
select id, 'place ' || id, case when id % 40 = 0 then repeat('x', 3000) end from generate_series(1, 20000) as id;
select pg_catalog.pg_stat_force_next_flush();
analyze public.visits;
create table public.stays (id uuid primary key, letter text);
alter table public.stays enable row level security;
alter table public.stays alter column letter set storage plain;
insert into public.stays select gen_random_uuid(), repeat('x', 4100) from generate_series(1, 400);
select pg_catalog.pg_stat_force_next_flush();
analyze public.stays;

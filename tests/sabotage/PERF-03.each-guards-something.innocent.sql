-- on: clone
-- set: statistics_days = 0
-- set: unused_index_bytes = 300_000
create table public.visits (id bigint primary key, place text not null unique, profile_id uuid references public.profiles (id));
alter table public.visits enable row level security;
insert into public.visits
select id, 'place ' || id, (select p.id from public.profiles p order by p.id limit 1) from generate_series(1, 15000) as id;
create index on public.visits (profile_id);
create index on public.visits (id) where id < 100;
select pg_stat_force_next_flush();
analyze public.visits;

-- on: clone
-- object: public."Visits by place"
-- object: public.stays_place
-- set: statistics_days = 0
-- set: unused_index_bytes = 400_000
create table public.visits (id bigint primary key, place text);
alter table public.visits enable row level security;
insert into public.visits select id, 'place ' || id from generate_series(1, 15000) as id;
create index "Visits by place" on public.visits (place);
create table public.stays (id bigint primary key, place text) partition by range (id);
alter table public.stays enable row level security;
create table public.stays_1 partition of public.stays for values from (0) to (10000);
create table public.stays_2 partition of public.stays for values from (10000) to (20000);
alter table public.stays_1 enable row level security;
alter table public.stays_2 enable row level security;
insert into public.stays select id, 'place ' || id from generate_series(1, 19999) as id;
create index stays_place on public.stays (place);
select pg_stat_force_next_flush();
analyze public.visits, public.stays;

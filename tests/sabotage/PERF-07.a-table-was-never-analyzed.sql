-- object: public.visits
-- object: public.stays
-- on: clone
create table public.visits (id bigint primary key);
alter table public.visits enable row level security;
insert into public.visits select generate_series(1, 500);
create table public.stays (id bigint primary key) partition by range (id);
alter table public.stays enable row level security;
create table public.stays_1 partition of public.stays for values from (0) to (10000);
alter table public.stays_1 enable row level security;
insert into public.stays select generate_series(1, 3000);
select pg_catalog.pg_stat_force_next_flush();
analyze public.stays_1;

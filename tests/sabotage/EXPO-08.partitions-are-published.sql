-- object: public.pings
-- object: public.pongs_1
-- also: RLS-16
create table public.pings (id integer primary key) partition by range (id);
create table public.pings_1 partition of public.pings for values from (0) to (10);
create table public.pongs (id integer primary key) partition by range (id);
alter table public.pongs enable row level security;
create table public.pongs_1 partition of public.pongs for values from (0) to (10);
create table public.pongs_2 partition of public.pongs for values from (10) to (20);
grant select on public.pongs_1 to authenticated;
alter publication supabase_realtime add table public.pings, public.pongs;

create table public.rounds (id integer primary key) partition by range (id);
alter table public.rounds enable row level security;
create table public.rounds_1 partition of public.rounds for values from (0) to (10);
alter publication supabase_realtime add table public.rounds;
create publication supabase_realtime_rounds for table public.rounds with (publish_via_partition_root = true);

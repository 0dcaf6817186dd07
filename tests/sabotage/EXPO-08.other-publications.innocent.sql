create table public.queue (id integer primary key);
create publication warehouse for table public.queue, public.profiles;
create table public.rounds (id integer primary key);
alter table public.rounds enable row level security;
alter publication supabase_realtime add table public.rounds;

-- object: visits_profile_id_fkey on public.visits
create table public.visits (id bigint, place text, profile_id uuid references public.profiles (id), primary key (id))
partition by range (id);
alter table public.visits enable row level security;
create table public.visits_1 partition of public.visits for values from (0) to (1000);
create table public.visits_2 partition of public.visits for values from (1000) to (2000);
alter table public.visits_1 enable row level security;
alter table public.visits_2 enable row level security;
create index on public.visits_1 (profile_id);

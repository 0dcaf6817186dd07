create table public.operators (id uuid primary key default gen_random_uuid(), title text not null);
create table public.dispatchers (
    operator_id uuid not null references public.operators on delete cascade,
    user_id uuid not null references auth.users on delete cascade, primary key (user_id, operator_id)
);
create index on public.dispatchers (operator_id);
create table public.trucks (
    id uuid primary key default gen_random_uuid(), operator_id uuid not null references public.operators on delete cascade,
    plate text not null
);
create index on public.trucks (operator_id);
create table public.journeys (
    id uuid primary key default gen_random_uuid(), operator_id uuid not null references public.operators on delete cascade,
    cargo text
);
create index on public.journeys (operator_id);
create table public.garages (
    id uuid primary key default gen_random_uuid(), operator_id uuid not null references public.operators on delete cascade,
    title text not null, city text
);
create index on public.garages (operator_id);
alter table public.operators enable row level security;
alter table public.dispatchers enable row level security;
alter table public.trucks enable row level security;
alter table public.journeys enable row level security;
alter table public.garages enable row level security;
create policy own on public.dispatchers for select to authenticated using (user_id = (select auth.uid()));
create policy ours on public.trucks for select to authenticated
    using (operator_id in (select d.operator_id from public.dispatchers d where d.user_id = (select auth.uid())));
-- Where one may fill up is for the drivers of all.
create policy stops on public.garages for select to authenticated
    using (exists (select from public.dispatchers d where d.user_id = (select auth.uid())));
create policy ours on public.journeys for select to authenticated
    using (exists (select from public.dispatchers d where d.user_id = (select auth.uid())));

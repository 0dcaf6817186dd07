-- migrate:up
create table public.trips (
    id uuid primary key default gen_random_uuid(),
    vehicle_id uuid not null references public.vehicles (id) on delete cascade,
    driver_id uuid not null references public.drivers (user_id) on delete cascade,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    purpose text,
    check (ended_at > started_at)
);
create index trips_vehicle_id_idx on public.trips (vehicle_id);
create index trips_driver_id_idx on public.trips (driver_id);
alter table public.trips enable row level security;
grant select, insert on public.trips to authenticated;
grant update (ended_at, purpose) on public.trips to authenticated;
create policy trips_read on public.trips for select to authenticated
    using (driver_id = (select auth.uid()) or ((select public.caller_dispatches())
        and vehicle_id in (select v.id from public.vehicles v where v.company_id = (select public.company_of_caller()))));
create policy trips_start on public.trips for insert to authenticated
    with check (driver_id = (select auth.uid()) and vehicle_id in (
        select v.id from public.vehicles v where v.company_id = (select public.company_of_caller())));
create policy trips_end on public.trips for update to authenticated
    using (driver_id = (select auth.uid())) with check (driver_id = (select auth.uid()));

-- migrate:down
drop table public.trips;

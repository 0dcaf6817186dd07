-- migrate:up
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke execute on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;

create table public.companies (
    id uuid primary key default gen_random_uuid(),
    name text not null
);
create table public.drivers (
    user_id uuid primary key references auth.users (id) on delete cascade,
    company_id uuid not null references public.companies (id) on delete cascade,
    licence text not null,
    is_dispatcher boolean not null default false
);
create index drivers_company_id_idx on public.drivers (company_id);

create table public.vehicles (
    id uuid primary key default gen_random_uuid(),
    company_id uuid not null references public.companies (id) on delete cascade,
    plate text not null,
    odometer_km integer not null default 0 check (odometer_km >= 0),
    unique (company_id, plate)
);

create table public.positions (
    vehicle_id uuid not null references public.vehicles (id) on delete cascade,
    recorded_at timestamptz not null default now(),
    latitude double precision not null check (latitude between -90 and 90),
    longitude double precision not null check (longitude between -180 and 180),
    primary key (vehicle_id, recorded_at)
) partition by range (recorded_at);
create table public.positions_2025 partition of public.positions for values from ('2025-01-01') to ('2026-01-01');
create table public.positions_later partition of public.positions default;

create function public.company_of_caller() returns uuid
    language sql stable security definer set search_path = '' as $$
    select d.company_id from public.drivers d where d.user_id = (select auth.uid())
$$;
create function public.caller_dispatches() returns boolean
    language sql stable security definer set search_path = '' as $$
    select coalesce((select d.is_dispatcher from public.drivers d where d.user_id = (select auth.uid())), false)
$$;
grant execute on function public.company_of_caller(), public.caller_dispatches() to authenticated;

alter table public.companies enable row level security;
alter table public.drivers enable row level security;
alter table public.vehicles enable row level security;
alter table public.positions enable row level security;
alter table public.positions_2025 enable row level security;
alter table public.positions_later enable row level security;

grant select on public.companies, public.drivers, public.vehicles, public.positions to authenticated;
create policy companies_read on public.companies for select to authenticated
    using (id = (select public.company_of_caller()));
create policy drivers_read on public.drivers for select to authenticated
    using (company_id = (select public.company_of_caller()));
create policy vehicles_read on public.vehicles for select to authenticated
    using (company_id = (select public.company_of_caller()));
create policy vehicles_dispatch on public.vehicles for update to authenticated
    using (company_id = (select public.company_of_caller()) and (select public.caller_dispatches()))
    with check (company_id = (select public.company_of_caller()) and (select public.caller_dispatches()));
grant update (plate, odometer_km) on public.vehicles to authenticated;
create policy positions_read on public.positions for select to authenticated
    using (vehicle_id in (select v.id from public.vehicles v where v.company_id = (select public.company_of_caller())));

-- migrate:down
drop table public.positions;
drop table public.vehicles;
drop table public.drivers;
drop table public.companies;
drop function public.company_of_caller();
drop function public.caller_dispatches();

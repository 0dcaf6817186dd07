alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke execute on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;
create table public.stations (
    id integer generated always as identity primary key,
    name text not null unique,
    height_m integer
);
create table public.readings (
    station_id integer not null references public.stations (id) on delete cascade,
    measured_at timestamptz not null,
    celsius numeric(4, 1),
    primary key (station_id, measured_at)
);
create table public.alarms (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    station_id integer not null references public.stations (id) on delete cascade,
    above_celsius numeric(4, 1) not null,
    channel text not null default 'mail' check (channel in ('mail', 'push')),
    created_at timestamptz not null default now()
);
create index alarms_user_id_idx on public.alarms (user_id);
create index alarms_station_id_idx on public.alarms (station_id);

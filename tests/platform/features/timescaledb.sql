create extension if not exists timescaledb with schema extensions;
create table public.readings (at timestamptz not null, sensor int, value float8);
select extensions.create_hypertable('public.readings', 'at', if_not_exists => true);
select extensions.add_retention_policy('public.readings', interval '1 year');
select extensions.time_bucket('1 hour', now());

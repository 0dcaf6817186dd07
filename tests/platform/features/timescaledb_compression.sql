-- expected: absent
create extension timescaledb with schema extensions;
create table public.readings (at timestamptz not null, sensor int);
alter table public.readings set (timescaledb.compress, timescaledb.compress_segmentby = 'sensor');

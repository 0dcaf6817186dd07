create schema if not exists partman;
create extension pg_partman with schema partman;
create table public.events (id bigint, at timestamptz not null) partition by range (at);
select partman.create_parent('public.events', 'at', '1 month');
insert into public.events values (1, now());

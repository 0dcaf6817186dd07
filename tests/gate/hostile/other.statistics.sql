-- expected: any
select pg_stat_reset();
alter table public.messages alter column content set statistics 0;
drop statistics if exists public.none;

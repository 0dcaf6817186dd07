-- set: public_tables = ["public.towns"]
set role postgres;
create materialized view public.server_statistics as select count(*) as members from public.profiles;
create materialized view private.more_statistics as select count(*) as members from public.profiles;
grant select on private.more_statistics to authenticated;
create materialized view public.towns as select distinct location from public.profiles;
grant select on public.towns to anon;

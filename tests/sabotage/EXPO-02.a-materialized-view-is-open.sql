-- object: public.member_statistics
-- also: EXPO-11
set role postgres;
create materialized view public.member_statistics as
select p.location, count(*) as members from public.profiles p group by p.location;
grant select on public.member_statistics to authenticated;

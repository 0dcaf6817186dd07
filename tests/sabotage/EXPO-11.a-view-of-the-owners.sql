-- object: public.member_directory
-- also: EXPO-01
set role postgres;
create view public.member_directory as select id, name, phone as reachable_at from public.profiles;
grant select on public.member_directory to authenticated;

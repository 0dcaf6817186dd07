-- object: public.member_directory
-- also: CONTACT-08 EXPO-11
-- The usual slip: a view of role postgres, open through the historic default grants.
set role postgres;
create view public.member_directory as select id, name, phone from public.profiles;
grant select on public.member_directory to authenticated;

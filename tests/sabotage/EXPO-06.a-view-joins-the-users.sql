-- object: public.members_with_address
-- also: EXPO-01 EXPO-11
set role postgres;
create view public.members_with_address as
select p.id, p.name, u.email from public.profiles p join auth.users u on u.id = p.id;
grant select on public.members_with_address to authenticated;

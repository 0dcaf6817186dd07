-- object: public.phone_of(uuid)
-- also: CONTACT-08 EXPO-05
set role postgres;
create function public.phone_of(member uuid) returns text language sql stable security definer set search_path = ''
as 'select p.phone from public.profiles p where p.id = member';
grant execute on function public.phone_of(uuid) to authenticated;

-- object: private.all_names()
-- also: EXPO-11
set role postgres;
create function private.all_names() returns setof text language sql stable security definer set search_path = ''
as 'select name from public.profiles';
create view public.names with (security_invoker = true) as select * from private.all_names() as name;
grant execute on function private.all_names() to authenticated;
grant select on public.names to authenticated;

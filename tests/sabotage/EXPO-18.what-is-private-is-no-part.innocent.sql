-- set: declared_tables = []
-- Where an address is shown, somebody is harmed: EXPO-01 and EXPO-04 tell of these.
set role postgres;
create view public.directory as select p.name, p.phone from public.profiles p;
create function public.directory_of() returns table (name text, phone text)
language sql stable security definer set search_path = '' as 'select p.name, p.phone from public.profiles p';
grant select on public.directory to authenticated;
grant execute on function public.directory_of() to authenticated;

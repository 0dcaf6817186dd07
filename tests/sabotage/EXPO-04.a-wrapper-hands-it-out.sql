-- object: private.all_phones()
-- also: CONTACT-08 EXPO-11
-- What the API serves has the caller's rights, and calls something that has not.
set role postgres;
create function private.all_phones() returns setof text language plpgsql stable security definer set search_path = ''
as 'begin return query execute ''select phone from public.profiles''; end';
create function public.phones() returns setof text language sql stable set search_path = private
as 'select * from all_phones()';
grant execute on function private.all_phones(), public.phones() to authenticated;

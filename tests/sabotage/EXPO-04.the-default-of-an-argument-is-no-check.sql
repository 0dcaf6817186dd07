-- object: public.requests_of(uuid)
-- also: EXPO-05
set role postgres;
create function public.requests_of(member uuid default auth.uid()) returns setof text
language sql stable security definer set search_path = ''
begin atomic select r.title from public.help_requests r where r.user_id = member; end;
grant execute on function public.requests_of(uuid) to anon;

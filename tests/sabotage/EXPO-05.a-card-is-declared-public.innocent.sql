-- set: public_functions = ["public.card_of(uuid)"]
-- Names and places of members for everybody, as declared.
set role postgres;
create function public.card_of(member uuid) returns table (name text, location text)
language sql stable security definer set search_path = ''
as 'select p.name, p.location from public.profiles p where p.id = member';
grant execute on function public.card_of(uuid) to anon, authenticated;

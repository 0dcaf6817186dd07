-- object: *: learn an address meant for after the match
-- also: EXPO-04 EXPO-05
create or replace function public.get_request_location(request_id uuid) returns text
language sql stable security definer set search_path = '' as $$
    select r.location_override from public.help_requests r where r.id = request_id
$$;

-- object: public.get_request_location(uuid)
-- also: HELP-09
set role postgres;
create or replace function public.get_request_location(request_id uuid) returns text
language sql stable security definer set search_path = '' as $$
    select r.location_override from public.help_requests r
    where r.id = get_request_location.request_id and private.is_approved()
$$;

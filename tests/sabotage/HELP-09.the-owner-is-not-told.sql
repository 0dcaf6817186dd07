-- object: alice: learn the address of her own request
set role postgres;
create or replace function public.get_request_location(request_id uuid) returns text
language sql stable security definer set search_path = '' as $$
    select r.location_override from public.help_requests r
    where r.id = $1 and private.is_approved() and (auth.uid() = r.helper_id or private.is_admin())
$$;

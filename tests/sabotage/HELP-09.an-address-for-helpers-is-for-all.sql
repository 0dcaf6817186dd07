-- object: *: learn an address meant for helpers
set role postgres;
create or replace function public.get_request_location(request_id uuid) returns text
language sql stable security definer set search_path = '' as $$
    select r.location_override from public.help_requests r
    where r.id = $1 and private.is_approved() and (
        auth.uid() in (r.user_id, r.helper_id) or private.is_admin()
        or (r.status = 'open' and r.location_privacy in ('public', 'helpers_only')))
$$;

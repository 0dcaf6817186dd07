-- object: bob: learn an address meant for after the match
-- object: rejected: learn an address meant for after the match
create or replace function public.get_request_location(request_id uuid) returns text
language sql stable security definer set search_path = '' as $$
    select r.location_override from public.help_requests r
    where r.id = request_id and (
        auth.uid() in (r.user_id, r.helper_id)
        or exists (select from public.help_requests h where h.helper_id = auth.uid()))
$$;

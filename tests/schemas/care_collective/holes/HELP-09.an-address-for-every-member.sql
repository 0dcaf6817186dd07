-- object: stranger: learn an address meant for after the match
-- object: bob: learn an address meant for after the match
create or replace function public.reveal_request_location(p_request_id uuid) returns jsonb
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_object('request', r.id, 'address', r.location_override)
    from public.help_requests r where r.id = p_request_id and public.is_current_user_approved()
$$;

-- object: *: call public.get_contact_info_with_consent
-- object: *: call public.get_contact_info_with_consent before confirmation
-- also: EXPO-04
create or replace function public.get_contact_info_with_consent(request_id uuid, user_id uuid) returns jsonb
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_object('success', true, 'name', p.name, 'phone', p.phone)
    from public.contact_exchanges e
    join public.profiles p on p.id = case when e.helper_id = $2 then e.requester_id else e.helper_id end
    where e.request_id = $1 and $2 in (e.helper_id, e.requester_id)
$$;

-- Nobody has to confirm.
-- object: alice: call public.get_contact_info_with_consent before confirmation
-- object: bob: call public.get_contact_info_with_consent before confirmation
create or replace function public.get_contact_info_with_consent(request_id uuid, user_id uuid)
returns table (member_id uuid, name text, phone text, email text)
language sql stable security definer set search_path = '' as $$
    select p.id, p.name, p.phone, u.email::text
    from public.contact_exchanges e
    join public.profiles p on p.id = case auth.uid() when e.helper_id then e.requester_id else e.helper_id end
    join auth.users u on u.id = p.id
    where e.request_id = get_contact_info_with_consent.request_id
    and auth.uid() in (e.helper_id, e.requester_id)
$$;

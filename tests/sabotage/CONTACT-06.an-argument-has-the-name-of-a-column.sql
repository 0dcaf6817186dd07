-- Both sides of the comparison are the column, so that it says nothing about the argument.
-- also: EXPO-04 EXPO-05
-- object: alice: call public.get_contact_info_with_consent
-- object: bob: call public.get_contact_info_with_consent
-- object: nobody: call public.get_contact_info_with_consent
-- object: guest: call public.get_contact_info_with_consent
-- object: pending: call public.get_contact_info_with_consent
-- object: rejected: call public.get_contact_info_with_consent
-- object: stranger: call public.get_contact_info_with_consent
-- object: alice: call public.get_contact_info_with_consent before confirmation
-- object: bob: call public.get_contact_info_with_consent before confirmation
create or replace function public.get_contact_info_with_consent(request_id uuid, user_id uuid)
returns table (member_id uuid, name text, phone text, email text)
language sql stable security definer set search_path = '' as $$
    select p.id, p.name, p.phone, u.email::text
    from public.contact_exchanges e
    join public.profiles p on p.id in (e.helper_id, e.requester_id)
    join auth.users u on u.id = p.id
    where e.request_id = request_id and e.confirmed_at is not null
$$;

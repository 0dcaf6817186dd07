-- object: rejected: call public.get_contact_info_with_consent after approval was taken back
create or replace function public.get_contact_info_with_consent(request_id uuid, user_id uuid)
returns table (member_id uuid, name text, phone text, email text)
language sql stable security definer set search_path = '' as $$
    select p.id, p.name,
           case when (p.contact_preferences ->> 'show_phone')::boolean then p.phone end,
           case when (p.contact_preferences ->> 'show_email')::boolean then u.email::text end
    from public.contact_exchanges e
    join public.profiles p on p.id = case auth.uid() when e.helper_id then e.requester_id else e.helper_id end
    join auth.users u on u.id = p.id
    where e.request_id = get_contact_info_with_consent.request_id
    and e.confirmed_at is not null
    and get_contact_info_with_consent.user_id = auth.uid()
    and auth.uid() in (e.helper_id, e.requester_id)
$$;

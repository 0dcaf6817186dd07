-- object: alice: call public.get_contact_info_with_consent about somebody else
-- object: bob: call public.get_contact_info_with_consent about somebody else
create or replace function public.get_contact_info_with_consent(request_id uuid, user_id uuid)
returns table (member_id uuid, name text, phone text, email text)
language sql stable security definer set search_path = '' as $$
    select p.id, p.name, p.phone, u.email::text
    from public.profiles p join auth.users u on u.id = p.id
   
where p.id = $2
and exists (select
from public.contact_exchanges e
where e.request_id = $1 and e.confirmed_at is not null and auth.uid() in (e.helper_id, e.requester_id))
$$;

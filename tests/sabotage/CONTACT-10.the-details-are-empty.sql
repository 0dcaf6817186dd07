-- object: bob: call public.get_contact_info_with_consent
create or replace function public.get_contact_info_with_consent(request_id uuid, user_id uuid)
returns table (member_id uuid, name text, phone text, email text)
language sql stable security definer set search_path = '' as $$
    select p.id, p.name, null::text, null::text from public.profiles p where p.id = auth.uid()
$$;

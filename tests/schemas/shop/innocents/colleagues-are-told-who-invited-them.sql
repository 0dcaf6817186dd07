-- Those of one tenant know each other by design.
create function public.colleagues(shop uuid) returns table (name text, phone text)
    language sql stable security definer set search_path = '' as $$
    select p.display_name, p.phone
    from public.memberships m join public.profiles p on p.id = m.user_id
    where m.tenant_id = shop and private.is_member(shop)
$$;
grant execute on function public.colleagues(uuid) to authenticated;

-- object: public.join_shop(uuid)
-- Meant for the link in an invitation; it never looks for the invitation.
create function public.join_shop(shop uuid) returns void
    language sql security definer set search_path = '' as $$
    insert into public.memberships (tenant_id, user_id, role) values (shop, auth.uid(), 'manager')
    on conflict (tenant_id, user_id) do update set role = excluded.role
$$;
grant execute on function public.join_shop(uuid) to authenticated;

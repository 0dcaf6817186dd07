-- Changes rows with its owner's rights, but only such as the caller manages.
create function public.revoke_invitation(invitation uuid) returns void
    language sql security definer set search_path = '' as $$
    delete from public.invitations i where i.id = invitation and private.may_manage(i.tenant_id)
$$;
grant execute on function public.revoke_invitation(uuid) to authenticated;

-- The answer says "success": false, and the number all the same.
-- object: nobody: call public.get_contact_info_with_consent
-- object: guest: call public.get_contact_info_with_consent
-- object: pending: call public.get_contact_info_with_consent
-- object: rejected: call public.get_contact_info_with_consent
-- object: stranger: call public.get_contact_info_with_consent
-- also:
drop function public.get_contact_info_with_consent(uuid, uuid);
create function public.get_contact_info_with_consent(request_id uuid, user_id uuid) returns json
language plpgsql security definer set search_path = '' as $$
begin
    return (
        select json_build_object(
            'success', auth.uid() in (e.helper_id, e.requester_id),
            'contact', format('(%s) %s-%s', substr(p.phone, 1, 5), substr(p.phone, 6, 3), substr(p.phone, 9)))
        from public.contact_exchanges e
        join public.profiles p
        on p.id = case get_contact_info_with_consent.user_id when e.helper_id then e.requester_id else e.helper_id end
        where e.request_id = get_contact_info_with_consent.request_id and e.confirmed_at is not null
    );
exception when others then
    return json_build_object('success', false, 'error', 'something went wrong');
end $$;
revoke execute on function public.get_contact_info_with_consent(uuid, uuid) from public, anon;
grant execute on function public.get_contact_info_with_consent(uuid, uuid) to authenticated;

drop function public.get_contact_info_with_consent(uuid, uuid);
create function public.get_contact_info_with_consent(request_id uuid, user_id uuid) returns text
language plpgsql security definer set search_path = '' as $$
begin
    if not exists (
        select from public.contact_exchanges e
        where e.request_id = get_contact_info_with_consent.request_id and e.confirmed_at is not null
        and auth.uid() in (e.helper_id, e.requester_id) and user_id = auth.uid())
    then
        raise exception 'You have no consent' using errcode = 'P0001';
    end if;
    return (
        select p.phone from public.contact_exchanges e
        join public.profiles p on p.id = case auth.uid() when e.helper_id then e.requester_id else e.helper_id end
        where e.request_id = get_contact_info_with_consent.request_id);
end $$;
revoke execute on function public.get_contact_info_with_consent(uuid, uuid) from public, anon;
grant execute on function public.get_contact_info_with_consent(uuid, uuid) to authenticated;

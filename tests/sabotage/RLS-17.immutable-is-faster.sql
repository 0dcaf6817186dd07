-- object: private.may_confirm(uuid)
create function private.may_confirm(member uuid) returns boolean
language sql immutable security definer set search_path = '' as $$
    select exists (select from public.profiles p where p.id = member and p.verification_status = 'approved')
$$;
grant execute on function private.may_confirm(uuid) to authenticated;
alter policy "requesters confirm" on public.contact_exchanges
using (requester_id = (select auth.uid()) and confirmed_at is null and private.may_confirm(requester_id));

-- object: private.may_confirm()
create function private.may_confirm() returns boolean language plpgsql immutable set search_path = '' as $$
begin
    return private.is_approved();
end $$;
grant execute on function private.may_confirm() to authenticated;
alter policy "requesters confirm" on public.contact_exchanges
using (requester_id = (select auth.uid()) and confirmed_at is null and (select private.may_confirm()));

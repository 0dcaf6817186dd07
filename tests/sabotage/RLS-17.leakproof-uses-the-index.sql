-- object: private.same(uuid,uuid)
create function private.same(one uuid, other uuid) returns boolean language sql immutable leakproof as $$
    select one = other
$$;
grant execute on function private.same(uuid, uuid) to authenticated;
alter policy "requesters confirm" on public.contact_exchanges
using (private.same(requester_id, (select auth.uid())) and confirmed_at is null and requester_id = (select auth.uid()));

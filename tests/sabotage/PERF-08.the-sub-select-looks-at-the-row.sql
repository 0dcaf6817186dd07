-- object: "requesters confirm" on public.contact_exchanges
alter policy "requesters confirm" on public.contact_exchanges
using ((select requester_id = auth.uid()) and confirmed_at is null);

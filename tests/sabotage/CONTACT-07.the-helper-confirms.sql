-- also: RLS-07
-- object: bob: update public.contact_exchanges
drop policy "requesters confirm" on public.contact_exchanges;
create policy "parties confirm" on public.contact_exchanges for update to authenticated
using ((select auth.uid()) in (helper_id, requester_id));

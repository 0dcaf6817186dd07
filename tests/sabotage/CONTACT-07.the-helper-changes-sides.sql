-- also: RLS-07
-- A helper who makes himself the requester confirms as one.
-- object: bob: update public.contact_exchanges
drop policy "requesters confirm" on public.contact_exchanges;
create policy "requesters confirm" on public.contact_exchanges for update to authenticated
using ((select auth.uid()) in (helper_id, requester_id)) with check (requester_id = (select auth.uid()));
drop trigger keep_exchange on public.contact_exchanges;
grant update (helper_id, requester_id) on public.contact_exchanges to authenticated;

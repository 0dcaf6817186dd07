-- object: "requesters confirm" on public.contact_exchanges
alter policy "requesters confirm" on public.contact_exchanges
using (confirmed_at is null and (requester_id = (select auth.uid()) or ((select auth.jwt()) #>> '{user_metadata,role}') = 'admin'));

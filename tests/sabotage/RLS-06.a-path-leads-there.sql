-- object: "requesters confirm" on public.contact_exchanges
alter policy "requesters confirm" on public.contact_exchanges
using (((select auth.jwt()) #>> '{user_metadata,role}') = 'admin');

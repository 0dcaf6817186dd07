-- on: gate
-- also: CONTACT-05 MIG-05 RLS-04 RLS-07
-- object: 29990101000000_visitors-read-the-exchanges.sql: anon: select public.contact_exchanges
set lock_timeout = '2s';
grant select on public.contact_exchanges to anon;
create policy "visitors read" on public.contact_exchanges for select to anon using (true);

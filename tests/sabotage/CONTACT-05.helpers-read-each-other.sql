-- object: alice: select public.contact_exchanges
-- object: bob: select public.contact_exchanges
-- also: PERF-10 RLS-07
create policy "helpers see exchanges" on public.contact_exchanges for select to authenticated
using (exists (select from public.help_requests r where r.helper_id = (select auth.uid())));

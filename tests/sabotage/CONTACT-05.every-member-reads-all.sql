-- object: stranger: select public.contact_exchanges
-- object: alice: select public.contact_exchanges
-- object: bob: select public.contact_exchanges
-- also: PERF-10 RLS-07
create policy "members see who helps" on public.contact_exchanges for select to authenticated
using ((select private.is_approved()));

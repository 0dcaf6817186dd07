-- Without a condition the policies for reading do not apply.
-- object: nobody: update public.contact_exchanges
-- object: guest: update public.contact_exchanges
-- object: pending: update public.contact_exchanges
-- object: rejected: update public.contact_exchanges
-- object: stranger: update public.contact_exchanges
-- object: bob: update public.contact_exchanges
-- also: PERF-10 RLS-04 RLS-07 RLS-13 RLS-15
create policy "the application confirms" on public.contact_exchanges for update to authenticated using (true);

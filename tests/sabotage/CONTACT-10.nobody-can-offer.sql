-- also: RLS-08
-- object: bob: insert into public.contact_exchanges
drop policy "helpers offer contact" on public.contact_exchanges;

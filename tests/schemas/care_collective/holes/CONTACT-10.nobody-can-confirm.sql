-- object: alice: update public.contact_exchanges
-- also: RLS-08
drop policy exchanges_confirm on public.contact_exchanges;

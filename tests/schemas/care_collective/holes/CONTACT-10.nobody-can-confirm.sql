-- object: alice: update public.contact_exchanges
drop policy exchanges_confirm on public.contact_exchanges;

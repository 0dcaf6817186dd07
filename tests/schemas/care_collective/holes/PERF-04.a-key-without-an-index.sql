-- object: contact_exchanges_requester_id_fkey on public.contact_exchanges
drop index public.contact_exchanges_requester;

-- object: public.contact_exchanges
drop trigger contact_exchanges_logged on public.contact_exchanges;

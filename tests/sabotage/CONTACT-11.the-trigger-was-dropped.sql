-- object: public.contact_exchanges
drop trigger audit_exchange on public.contact_exchanges;

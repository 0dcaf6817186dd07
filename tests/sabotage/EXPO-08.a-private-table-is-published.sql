-- object: public.contact_exchanges
alter publication supabase_realtime add table public.contact_exchanges;

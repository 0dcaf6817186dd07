-- object: insert (exchanged_at) on public.contact_exchanges
grant insert (exchanged_at) on public.contact_exchanges to authenticated;

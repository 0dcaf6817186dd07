-- object: bob: insert column exchanged_at of public.contact_exchanges
grant insert (exchanged_at) on public.contact_exchanges to authenticated;

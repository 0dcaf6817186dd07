grant select on public.contact_exchange_audit to anon;

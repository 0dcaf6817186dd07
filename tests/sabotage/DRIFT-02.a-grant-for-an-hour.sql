-- object: grants of authenticated on table public.contact_exchange_audit
grant insert on public.contact_exchange_audit to authenticated;

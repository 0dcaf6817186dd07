-- Row level security does not cover truncate.
-- object: public.contact_exchange_audit
-- also: EXPO-07
grant truncate on public.contact_exchange_audit to authenticated;

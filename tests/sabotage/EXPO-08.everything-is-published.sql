-- object: public.profiles
-- object: public.contact_exchanges
-- object: public.contact_exchange_audit
create publication supabase_realtime_everything for all tables;

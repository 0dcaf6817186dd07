-- object: stranger: select public.contact_exchanges
-- object: alice: select public.contact_exchanges
-- object: bob: select public.contact_exchanges
-- also: RLS-07
alter policy exchanges_select on public.contact_exchanges using ((select public.is_current_user_approved()));

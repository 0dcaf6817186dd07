-- also: RLS-07
-- object: stranger: update public.contact_exchange_audit
-- object: alice: update public.contact_exchange_audit
-- object: bob: update public.contact_exchange_audit
-- object: admin: update public.contact_exchange_audit
grant update (action) on public.contact_exchange_audit to authenticated;
create policy "members" on public.contact_exchange_audit for update to authenticated using ((select private.is_approved()));

-- also: RLS-07
-- object: alice: insert into public.contact_exchange_audit
-- object: bob: insert into public.contact_exchange_audit
-- object: stranger: insert into public.contact_exchange_audit
-- object: admin: insert into public.contact_exchange_audit
grant insert on public.contact_exchange_audit to authenticated;
create policy "members write what they do" on public.contact_exchange_audit for insert to authenticated
with check ((select private.is_approved()));

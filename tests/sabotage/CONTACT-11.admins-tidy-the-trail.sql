-- object: admin: delete from public.contact_exchange_audit
-- object: admin: update public.contact_exchange_audit
-- also: PERF-10 RLS-07
grant update, delete on public.contact_exchange_audit to authenticated;
create policy "admins tidy" on public.contact_exchange_audit for all to authenticated
using ((select private.is_admin()));

-- object: alice: cancel her own request
-- also: HELP-10 RLS-08 HELP-11
alter policy "owners and admins change requests" on public.help_requests
using (status = 'open' and ((user_id = (select auth.uid()) and (select private.is_approved())) or (select private.is_admin())))
with check (status = 'open' and ((user_id = (select auth.uid()) and (select private.is_approved())) or (select private.is_admin())));

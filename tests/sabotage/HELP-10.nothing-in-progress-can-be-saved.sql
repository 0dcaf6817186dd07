-- object: alice: take a helper
-- also: HELP-05 RLS-08 HELP-11
drop policy "owners and admins change requests" on public.help_requests;
create policy "owners change open requests" on public.help_requests for update to authenticated
using (user_id = (select auth.uid()) and status = 'open' and (select private.is_approved()));

-- object: "owners and admins change requests" on public.help_requests
grant update (user_id) on public.help_requests to authenticated;
alter policy "owners and admins change requests" on public.help_requests
using ((user_id = (select auth.uid()) and (select private.is_approved())) or 1 = 1)
with check ((user_id = (select auth.uid()) and (select private.is_approved())) or (select private.is_admin()));

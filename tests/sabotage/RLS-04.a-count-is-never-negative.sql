-- object: "owners and admins change requests" on public.help_requests
-- It looks like a condition, and is met by everybody.
grant update (user_id) on public.help_requests to authenticated;
alter policy "owners and admins change requests" on public.help_requests
using ((select count(*) from public.profiles p where p.id = user_id) >= 0)
with check ((user_id = (select auth.uid()) and (select private.is_approved())) or (select private.is_admin()));

-- also: RLS-07
-- object: *: remove requests blindly
-- object: bob: remove the request that he helps with
grant delete on public.help_requests to authenticated;
create policy "Helpers ""tidy""" on public.help_requests
for delete to authenticated
using (helper_id = (select auth.uid()));

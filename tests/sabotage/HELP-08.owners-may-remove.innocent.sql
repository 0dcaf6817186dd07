-- also: RLS-07
grant delete on public.help_requests to authenticated;
create policy "owners remove their requests" on public.help_requests for delete to authenticated
using (user_id = (select auth.uid()) and (select private.is_approved()));

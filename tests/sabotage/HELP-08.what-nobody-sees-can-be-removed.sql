-- object: stranger: remove requests blindly
-- object: pending: remove requests blindly
-- object: rejected: remove requests blindly
-- object: guest: remove requests blindly
-- object: nobody: remove requests blindly
-- also: RLS-04 RLS-07 RLS-13 RLS-15
grant delete on public.help_requests to authenticated;
create policy "cancelled requests are removed" on public.help_requests for delete to authenticated
using (status = 'cancelled');
create policy "nobody reads cancelled requests" on public.help_requests as restrictive for select to authenticated
using (status <> 'cancelled' or user_id = (select auth.uid()) or (select private.is_admin()));

-- object: *: *others' *
-- object: *: close requests blindly
-- object: bob: * the request that he helps with
-- also: PERF-10 RLS-07
create policy requests_update_all on public.help_requests for update to authenticated
using ((select public.is_current_user_approved())) with check ((select public.is_current_user_approved()));

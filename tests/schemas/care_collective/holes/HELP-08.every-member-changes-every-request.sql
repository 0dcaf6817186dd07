-- also: PERF-10
-- object: *: become others' helper
-- object: *: close requests blindly
-- object: *: rewrite others' open requests
-- object: *: rewrite others' requests blindly
create policy requests_update_all on public.help_requests for update to authenticated
using ((select public.is_current_user_approved())) with check ((select public.is_current_user_approved()));

-- also: HELP-08 PERF-10
-- object: "helpers take requests" on public.help_requests
-- The check looks at the row as it will be, and the helper may write a name into it.
create policy "helpers take requests" on public.help_requests
for update to authenticated
using ((select private.is_approved()) and status = 'open')
with check (helper_id = (select auth.uid()));

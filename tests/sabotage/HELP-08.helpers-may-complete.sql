-- also: PERF-10 RLS-07
-- object: bob: complete the request that he helps with
create policy "helpers complete" on public.help_requests
for update to authenticated
using (helper_id = (select auth.uid()) and status = 'in_progress')
with check (helper_id = (select auth.uid()) and status = 'completed');

-- object: *: become others' helper
-- object: alice: become others' helper
-- also: PERF-10 RLS-07
create policy "members offer to help" on public.help_requests for update to authenticated
using (status = 'open' and (select private.is_approved()))
with check (helper_id = (select auth.uid()));

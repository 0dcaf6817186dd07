-- object: *: become helper of alice
-- object: alice: become helper of bob
-- also: PERF-10
create policy "members offer to help" on public.help_requests for update to authenticated
using (status = 'open' and (select private.is_approved()))
with check (helper_id = (select auth.uid()));

-- object: bob: complete the request that he helps with
-- object: bob: rewrite the request that he helps with
-- object: bob: rewrite others' requests blindly
-- object: alice: rewrite others' requests blindly
-- object: rejected: rewrite others' requests blindly
-- object: rejected: close requests blindly
-- also: PERF-10 RLS-07
create policy "helpers update the requests they help with" on public.help_requests for update to authenticated
using (helper_id = (select auth.uid())) with check (helper_id = (select auth.uid()));

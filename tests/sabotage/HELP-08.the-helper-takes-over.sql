-- object: bob: complete the request that he helps with
-- object: bob: take over the request that he helps with
-- object: bob: rewrite the request that he helps with
-- object: bob: rewrite others' requests blindly
-- object: alice: rewrite others' requests blindly
-- object: rejected: rewrite others' requests blindly
-- object: rejected: close requests blindly
-- also: AUTH-08 PERF-10 RLS-07
drop trigger keep_life_cycle on public.help_requests;
grant update (user_id) on public.help_requests to authenticated;
create policy "parties update" on public.help_requests for update to authenticated
using ((select auth.uid()) in (user_id, helper_id)) with check ((select auth.uid()) in (user_id, helper_id));

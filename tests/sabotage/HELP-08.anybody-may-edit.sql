-- object: bob: give up the request that he helps with
-- object: bob: complete the request that he helps with
-- object: stranger: rewrite *
-- object: *: become others' helper
-- object: *: close requests blindly
-- object: *: rewrite *
-- also: PERF-10 RLS-04 RLS-07 RLS-09 RLS-13 RLS-15
create policy "Enable update for authenticated users" on public.help_requests for update to authenticated using (true);

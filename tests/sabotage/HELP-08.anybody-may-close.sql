-- object: bob: complete the request that he helps with
-- object: *: close requests blindly
-- also: HELP-05 HELP-10 PERF-10 RLS-04 RLS-07 RLS-08 RLS-13 RLS-15 HELP-11
revoke update on public.help_requests from authenticated;
grant update (status) on public.help_requests to authenticated;
create policy "moderation" on public.help_requests for update to authenticated using (true);

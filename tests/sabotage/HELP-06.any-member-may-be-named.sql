-- object: stranger: ask in alice's name
-- object: bob: ask in alice's name
-- also: PERF-10 RLS-07
create policy "members can insert help requests" on public.help_requests for insert to authenticated
with check ((select private.is_approved()));

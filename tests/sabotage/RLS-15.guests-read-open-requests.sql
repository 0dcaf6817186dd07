-- also: PERF-10 RLS-07
-- object: "open requests" on public.help_requests
create policy "open requests" on public.help_requests
for select to authenticated using (status = 'open' and (select auth.uid()) is not null);

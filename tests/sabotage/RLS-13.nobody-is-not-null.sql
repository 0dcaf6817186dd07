-- also: PERF-10 RLS-07 RLS-15
-- object: "open requests" on public.help_requests
create policy "open requests" on public.help_requests
for select to authenticated using (status = 'open' and (select auth.role()) = 'authenticated');

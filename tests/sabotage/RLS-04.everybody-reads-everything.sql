-- object: "debug, remove later" on public.messages
-- also: MSG-07 MSG-09 PERF-10 RLS-07 RLS-13 RLS-15
create policy "debug, remove later" on public.messages for select to authenticated using (true);

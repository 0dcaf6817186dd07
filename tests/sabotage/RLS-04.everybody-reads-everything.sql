-- object: "debug, remove later" on public.messages
-- also: MSG-07 MSG-09 PERF-10
create policy "debug, remove later" on public.messages for select to authenticated using (true);

-- object: "debug, remove later" on public.messages
-- also: PERF-10
create policy "debug, remove later" on public.messages for select to authenticated using (true);

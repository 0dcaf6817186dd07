-- object: *: ask in alice's name
-- object: *: ask for help
-- also: RLS-04 RLS-14 PERF-10
create policy "Enable insert for all users" on public.help_requests for insert with check (true);
grant insert on public.help_requests to anon, authenticated;

-- object: *: ask in alice's name
-- object: *: ask for help
-- also: PERF-10 RLS-04 RLS-07 RLS-14 RLS-15 RLS-23
create policy "Enable insert for all users" on public.help_requests for insert with check (true);
grant insert on public.help_requests to anon, authenticated;

-- object: stranger: rewrite *
-- object: *: become others' helper
-- object: *: close requests blindly
-- object: *: rewrite *
-- also: RLS-04 PERF-10
create policy "Enable update for authenticated users" on public.help_requests for update to authenticated using (true);

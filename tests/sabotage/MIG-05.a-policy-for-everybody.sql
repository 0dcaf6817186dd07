-- on: gate
-- also: RLS-14 PERF-10
-- object: 29990101000000_a-policy-for-everybody.sql: RLS-14 *
-- object: 29990101000000_a-policy-for-everybody.sql: PERF-10 *
set lock_timeout = '2s';
create policy "nothing more" on public.messages for select using (id is null);

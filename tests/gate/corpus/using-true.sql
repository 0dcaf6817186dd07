-- expect: MIG-05 line 5 RLS-04 *
-- expect: MIG-05 line 5 *
-- expect: MIG-05 line 5 PERF-10 *
-- expect: MIG-06 line 5 *: select public.messages
create policy "all read all" on public.messages for select to authenticated using (true);

-- expect: MIG-05 line 4 RLS-04 *
-- expect: MIG-05 line 4 *
-- expect: MIG-06 line 4 *: select public.messages
create policy "all read all" on public.messages for select to authenticated using (true);

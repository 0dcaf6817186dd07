-- also: MSG-09 PERF-10 RLS-04 RLS-07 RLS-13 RLS-15
-- object: stranger: select public.messages
-- object: alice: select public.messages of other people
-- object: pending: select public.messages
-- object: rejected: select public.messages
-- object: guest: select public.messages
-- object: nobody: select public.messages
create policy "members read messages" on public.messages for select to authenticated using (true);

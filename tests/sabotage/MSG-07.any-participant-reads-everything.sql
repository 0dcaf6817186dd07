-- also: PERF-10 RLS-07
-- object: alice: select public.conversations of other people
create policy "who takes part in something" on public.conversations for select to authenticated
using (exists (select from private.my_conversations()));

-- object: "participants read their conversations" on public.conversations
-- also: MSG-07 RLS-07 RLS-15
alter policy "participants read their conversations" on public.conversations
using ((select auth.uid()) is not null and ((select auth.jwt()) ->> 'role') <> 'anon');

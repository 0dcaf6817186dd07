-- object: "participants read their conversations" on public.conversations
alter policy "participants read their conversations" on public.conversations
using ((select auth.uid()) is not null and ((select auth.jwt()) ->> 'role') <> 'anon');

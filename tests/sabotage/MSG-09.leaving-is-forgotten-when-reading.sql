-- also: PERF-10 RLS-07
-- object: bob: read on after leaving
create policy "participants read messages" on public.messages for select to authenticated
using (exists (
    select from public.conversation_participants p
    where p.conversation_id = messages.conversation_id and p.user_id = (select auth.uid())));

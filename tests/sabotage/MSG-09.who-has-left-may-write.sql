-- also: PERF-10 RLS-07 RLS-24
-- object: bob: write after leaving
create policy "participants write" on public.messages for insert to authenticated
with check (sender_id = (select auth.uid()) and conversation_id in (
    select p.conversation_id from public.conversation_participants p where p.user_id = (select auth.uid())));

-- also: RLS-07 RLS-09
-- object: bob: come back after leaving
grant update (left_at) on public.conversation_participants to authenticated;
create policy "leave" on public.conversation_participants
for update to authenticated
using (user_id = (select auth.uid()))
with check (user_id = (select auth.uid()) and left_at is not null);

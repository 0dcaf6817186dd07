-- object: bob: come back after leaving
-- also: RLS-07 RLS-09
grant update (left_at) on public.conversation_participants to authenticated;
create policy "people leave" on public.conversation_participants for update to authenticated
using (user_id = (select auth.uid()));

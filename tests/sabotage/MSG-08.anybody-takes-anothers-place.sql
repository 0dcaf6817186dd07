-- also: MSG-07 PERF-10 RLS-07 RLS-09
-- object: stranger: take a participant's place
grant update (user_id) on public.conversation_participants to authenticated;
alter table public.messages drop constraint messages_sender_takes_part;
create policy "members look who talks" on public.conversation_participants
for select to authenticated
using ((select private.is_approved()));
create policy "take over" on public.conversation_participants
for update to authenticated
using ((select private.is_approved()))
with check (user_id = (select auth.uid()));

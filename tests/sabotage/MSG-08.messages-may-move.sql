-- also: PERF-10 RLS-07
-- object: alice: move a message into others' conversation
alter table public.messages drop constraint messages_sender_takes_part;
grant update (conversation_id) on public.messages to authenticated;
create policy "people file their own messages" on public.messages
for update to authenticated
using (sender_id = (select auth.uid()))
with check (sender_id = (select auth.uid()));

-- object: bob: rewrite *
-- object: *: change the time of messages
-- object: bob: take delivery back
-- also: PERF-10 RLS-07 RLS-23
-- object: alice: rewrite a message
-- object: alice: rewrite messages blindly
-- object: alice: take over a message
grant update on public.messages to authenticated;
create policy "participants edit" on public.messages for update to authenticated
using (conversation_id in (select private.my_conversations()))
with check (conversation_id in (select private.my_conversations()));

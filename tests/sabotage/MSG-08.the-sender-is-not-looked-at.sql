-- also: PERF-10 RLS-07
-- object: alice: send a message as bob
-- object: bob: send a message as alice
create policy "participants write" on public.messages for insert to authenticated
with check (conversation_id in (select private.my_conversations()));

-- also: MSG-07
-- object: select on public.conversation_participants
-- object: select on public.messages
create policy "only at work" on public.conversation_participants as restrictive
for select to authenticated using (current_setting('app.at_work', true) = 'yes');

-- also: MSG-07
-- object: *: select public.conversation_participants
-- object: bob: select public.messages
create policy "only at work" on public.conversation_participants as restrictive
for select to authenticated using (current_setting('app.at_work', true) = 'yes');

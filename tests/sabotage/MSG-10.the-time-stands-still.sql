-- object: alice: move last_message_at by sending
drop trigger note_new_messages on public.messages;

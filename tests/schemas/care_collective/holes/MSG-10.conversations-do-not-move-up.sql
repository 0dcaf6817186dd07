-- object: alice: move last_message_at by sending
drop trigger on_message_sent on public.messages;

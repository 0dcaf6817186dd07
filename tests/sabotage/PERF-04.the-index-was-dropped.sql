-- object: messages_sender_takes_part on public.messages
-- object: messages_sender_id_fkey on public.messages
drop index public.idx_messages_sender_id;

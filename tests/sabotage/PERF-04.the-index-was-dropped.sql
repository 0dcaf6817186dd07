-- object: messages_sender_takes_part on public.messages
-- object: messages_sender_id_fkey on public.messages
-- also: PERF-09
drop index public.idx_messages_sender_id;

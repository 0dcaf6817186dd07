-- object: messages_* on public.messages
-- object: note_new_messages on public.messages
-- object: note_removed_messages on public.messages
-- object: stamp_read_at on public.messages
-- also: MSG-10
alter table public.messages disable trigger all;

-- object: * select public.conversation_participants*
alter table public.conversation_participants disable row level security;

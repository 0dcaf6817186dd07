-- also: RLS-01 RLS-02
-- object: * select public.conversation_participants*
alter table public.conversation_participants disable row level security;

-- also: RLS-01 RLS-02 RLS-07 RLS-13 RLS-15
-- object: * select public.conversation_participants*
alter table public.conversation_participants disable row level security;

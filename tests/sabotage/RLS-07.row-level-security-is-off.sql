-- also: MSG-07 RLS-01 RLS-02 RLS-13 RLS-15
-- object: public.conversations
alter table public.conversations disable row level security;

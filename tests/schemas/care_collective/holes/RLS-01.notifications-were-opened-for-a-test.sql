-- object: public.notifications
-- also: RLS-02 RLS-07 RLS-13 RLS-15
alter table public.notifications disable row level security;

-- object: public.notifications
-- also: RLS-02
alter table public.notifications disable row level security;

-- object: public.help_requests
-- also: RLS-01 RLS-11
alter table public.help_requests disable row level security;

-- object: public.help_requests
-- also: HELP-06 HELP-08 RLS-01 RLS-07 RLS-09 RLS-13 RLS-15
alter table public.help_requests disable row level security;

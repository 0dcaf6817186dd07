-- object: public.help_requests
-- also: HELP-06 HELP-08 RLS-01
alter table public.help_requests disable row level security;

-- object: *: ask in alice's name
-- object: *: ask for help
-- also: HELP-08 RLS-01 RLS-02 RLS-07 RLS-09 RLS-13 RLS-15
alter table public.help_requests disable row level security;

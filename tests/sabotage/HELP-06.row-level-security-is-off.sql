-- object: *: ask in alice's name
-- object: *: ask for help
-- also: RLS-01 RLS-02 HELP-08
alter table public.help_requests disable row level security;

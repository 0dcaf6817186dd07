-- object: *: rewrite *
-- object: *: close *
-- object: *: become others' helper
-- also: RLS-01 RLS-02 HELP-06
alter table public.help_requests disable row level security;

-- also: HELP-06 RLS-07
-- object: "approved members ask for help in their own name" on public.help_requests
alter policy "approved members ask for help in their own name" on public.help_requests
with check (user_id = (select auth.uid()));

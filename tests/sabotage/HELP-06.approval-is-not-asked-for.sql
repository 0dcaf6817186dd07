-- also: RLS-07 RLS-15
-- object: pending: ask for help
-- object: rejected: ask for help
-- object: guest: ask for help
alter policy "approved members ask for help in their own name" on public.help_requests
with check (user_id = (select auth.uid()));

-- also: RLS-08
-- object: alice: create a request
drop policy "approved members ask for help in their own name" on public.help_requests;

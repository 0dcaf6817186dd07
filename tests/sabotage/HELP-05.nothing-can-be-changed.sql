-- also: HELP-10 RLS-08 HELP-11
-- object: alice: edit her own request
create policy "frozen for the move" on public.help_requests as restrictive for update to authenticated using (false);

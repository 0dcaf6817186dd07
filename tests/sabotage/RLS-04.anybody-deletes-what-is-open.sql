-- object: "tidy up" on public.help_requests
-- also: HELP-08 RLS-07 RLS-13 RLS-15
grant delete on public.help_requests to authenticated;
create policy "tidy up" on public.help_requests for delete to authenticated using (status = 'open');

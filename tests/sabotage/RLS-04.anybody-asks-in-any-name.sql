-- object: "approved members ask for help in their own name" on public.help_requests
-- also: HELP-06 RLS-07 RLS-13 RLS-15
alter policy "approved members ask for help in their own name" on public.help_requests
with check (status = 'open' and urgency <> 'critical');

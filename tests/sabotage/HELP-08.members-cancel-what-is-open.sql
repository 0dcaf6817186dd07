-- also: PERF-10 RLS-07
-- object: stranger: close requests blindly
create policy "members tidy up" on public.help_requests for update to authenticated
using (status = 'open' and (select private.is_approved())) with check (status = 'cancelled');

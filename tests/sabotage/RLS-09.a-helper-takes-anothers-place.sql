-- object: update (helper_id) on public.help_requests
-- also: HELP-08 PERF-10 RLS-07
-- Approved members may take over what is in progress, and are told where help is needed.
create policy "somebody else can step in" on public.help_requests for update to authenticated
using ((select private.is_approved()) and status = 'in_progress')
with check ((select private.is_approved()) and status = 'in_progress');
create policy "what is in progress is seen" on public.help_requests for select to authenticated
using ((select private.is_approved()) and status = 'in_progress');

-- object: public.help_requests: select by authenticated
create policy "helpers read what they help with" on public.help_requests for select to authenticated
using (helper_id = (select auth.uid()) and (select private.is_approved()));

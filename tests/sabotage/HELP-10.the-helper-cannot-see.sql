-- object: stranger: see the request that they help with
-- also: CONTACT-10 RLS-08
alter policy "approved members read open requests and their own affairs" on public.help_requests
using ((select private.is_approved()) and (status = 'open' or user_id = (select auth.uid())));

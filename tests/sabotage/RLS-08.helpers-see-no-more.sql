-- also: CONTACT-10 HELP-10
-- object: insert on public.contact_exchanges
-- object: select on public.help_requests
alter policy "approved members read open requests and their own affairs" on public.help_requests
using (
    ((select private.is_approved()) and (status = 'open' or user_id = (select auth.uid())))
    or (select private.is_admin())
);

-- also: CONTACT-10 HELP-10
-- object: alice: select public.help_requests
-- object: bob: select public.help_requests
-- object: bob: insert public.contact_exchanges
alter policy "approved members read open requests and their own affairs" on public.help_requests
using (
    ((select private.is_approved()) and (status = 'open' or user_id = (select auth.uid())))
    or (select private.is_admin())
);

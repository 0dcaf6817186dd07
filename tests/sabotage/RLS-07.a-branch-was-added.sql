-- also: CONTACT-05
-- object: "the two parties and admins read an exchange" on public.contact_exchanges
alter policy "the two parties and admins read an exchange" on public.contact_exchanges
using (
    (
        (select private.is_approved())
        and (helper_id = (select auth.uid()) or requester_id = (select auth.uid()) or confirmed_at is null)
    )
    or (select private.is_admin())
);

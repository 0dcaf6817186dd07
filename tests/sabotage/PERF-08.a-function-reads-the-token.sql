-- object: "helpers offer contact" on public.contact_exchanges
alter policy "helpers offer contact" on public.contact_exchanges
with check (
    helper_id = (select auth.uid()) and confirmed_at is null and private.is_approved()
    and exists (
        select from public.help_requests r
        where r.id = contact_exchanges.request_id and r.user_id = contact_exchanges.requester_id
            and r.helper_id = (select auth.uid())
    )
);

-- object: "helpers offer contact" on public.contact_exchanges
alter policy "helpers offer contact" on public.contact_exchanges
with check (helper_id = (select auth.uid()) and confirmed_at is null and private.is_approved());

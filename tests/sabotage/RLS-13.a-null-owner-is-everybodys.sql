-- also: CONTACT-11 RLS-07
-- also: RLS-22
-- object: "unknown actors are swept away" on public.contact_exchange_audit
create policy "unknown actors are swept away" on public.contact_exchange_audit
for delete to authenticated using (actor is not distinct from (select auth.uid()));
grant delete on public.contact_exchange_audit to authenticated;
insert into public.contact_exchange_audit (exchange_id, request_id, action)
select gen_random_uuid(), gen_random_uuid(), 'made';

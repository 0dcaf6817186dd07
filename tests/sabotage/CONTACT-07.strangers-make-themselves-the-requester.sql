-- Who has made themselves the requester confirms later.
-- object: stranger: insert into public.contact_exchanges
-- object: bob: insert into public.contact_exchanges
-- also: PERF-10 RLS-07
drop trigger check_new_exchange on public.contact_exchanges;
create policy "members propose exchanges" on public.contact_exchanges for insert to authenticated
with check (requester_id = (select auth.uid()) and confirmed_at is null and (select private.is_approved()));

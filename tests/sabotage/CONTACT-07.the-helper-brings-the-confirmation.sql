-- object: bob: insert into public.contact_exchanges
-- also: RLS-07 RLS-25
grant insert (confirmed_at) on public.contact_exchanges to authenticated;
drop policy "helpers offer contact" on public.contact_exchanges;
create policy "helpers offer contact" on public.contact_exchanges for insert to authenticated
with check (helper_id = (select auth.uid()) and (select private.is_approved()));

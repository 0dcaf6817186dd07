-- also: RLS-08
-- object: bob: insert into public.contact_exchanges
create policy "closed for the move" on public.contact_exchanges as restrictive for insert to authenticated
with check (false);

-- object: anon: select public.contact_exchanges
-- also: RLS-04 RLS-07
grant select on public.contact_exchanges to anon;
create policy "counted on the front page" on public.contact_exchanges for select to anon using (true);

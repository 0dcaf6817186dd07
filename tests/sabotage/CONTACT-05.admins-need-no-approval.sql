-- also: PERF-10 RLS-07
-- object: rejected: select public.contact_exchanges
-- Who was an admin once, and had their approval taken back.
create policy "admins" on public.contact_exchanges for select to authenticated
using (exists (select from public.profiles p where p.id = (select auth.uid()) and p.is_admin));

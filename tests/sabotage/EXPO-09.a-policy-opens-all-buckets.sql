-- object: "everybody; reads" on storage.objects
-- object: members on storage.objects
-- object: moves on storage.objects
-- object: either on storage.objects
-- object: same on storage.objects
-- object: admins on storage.objects
-- also: RLS-04 RLS-14 RLS-20
create policy "everybody; reads" on storage.objects for select using (true);
create policy members on storage.objects for insert to authenticated with check ((select auth.role()) = 'authenticated');
create policy moves on storage.objects for update to authenticated using (owner_id = (select auth.uid())::text) with check (true);
create policy either on storage.objects for select to authenticated
using ((bucket_id = 'avatars' and owner_id = (select auth.uid())::text) or (select auth.uid()) is not null);
create policy same on storage.objects for delete to authenticated using (bucket_id = bucket_id and (select auth.uid()) is not null);
create policy admins on storage.objects for all to authenticated using ((select private.is_approved()));

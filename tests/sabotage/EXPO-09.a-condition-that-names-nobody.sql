-- object: others on storage.objects
-- object: pictures on storage.objects
-- object: not_mine on storage.objects
-- object: somewhere on storage.objects
create policy others on storage.objects for select to authenticated using (bucket_id <> 'papers');
create policy pictures on storage.objects for select to authenticated using (storage.extension(name) = 'jpg');
create policy not_mine on storage.objects for delete to authenticated using (not (owner = (select auth.uid())));
create policy somewhere on storage.objects for select to authenticated
using (bucket_id is not null and (select auth.uid()) is not null);

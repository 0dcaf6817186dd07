-- object: *read_files*
create policy read_files on storage.objects for select to authenticated using ((select auth.uid()) is not null);

create policy "Avatar images are publicly accessible." on storage.objects for select using (bucket_id = 'avatars');
create policy "own folder" on storage.objects for insert to authenticated
    with check (bucket_id = 'avatars' and (storage.foldername(name))[1] = (select auth.uid()::text));
create policy "own files" on storage.objects for update to authenticated using (owner = auth.uid() or owner_id = auth.uid()::text);
create policy "own files go" on storage.objects for delete to authenticated using (auth.uid() = owner);
alter policy "own files go" on storage.objects using (owner_id = (select auth.uid())::text);
drop policy if exists "own files go" on storage.objects;

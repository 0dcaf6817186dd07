create policy "no listing" on storage.objects for select using (storage.operation() is distinct from 'storage.object.list');

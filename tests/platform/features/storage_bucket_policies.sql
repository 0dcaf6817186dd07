create policy "buckets are listed" on storage.buckets for select to authenticated using (true);

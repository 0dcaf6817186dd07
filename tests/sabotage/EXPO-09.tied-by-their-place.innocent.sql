create policy one on storage.objects for select to authenticated using (starts_with(name, (select auth.uid())::text));
create policy two on storage.objects for insert to authenticated
with check (bucket_id = 'a' and (select auth.uid())::text = split_part(name, '/', 1));
create policy three on storage.objects for select to authenticated using (bucket_id ~ '^public-');
create policy four on storage.objects for select to authenticated
using (case when bucket_id = 'a' then true else owner_id = (select auth.uid())::text end);
create policy five on storage.objects for select to authenticated
using (bucket_id in (select b.id from storage.buckets b where b.owner = (select auth.uid())));
create policy six on storage.objects for select to authenticated using (exists (
    select from storage.buckets b where b.id = objects.bucket_id and b.owner = (select auth.uid())));
create policy eight on storage.objects for select to authenticated using (path_tokens[1] = (select auth.uid())::text);
create policy nine on storage.objects for all to anon using (false);

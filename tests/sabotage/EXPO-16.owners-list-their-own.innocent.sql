-- set: public_buckets = ["avatars"]
-- also: PERF-10
insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true), ('mine', 'mine', false);
create policy owners on storage.objects for select to authenticated
using (bucket_id = 'avatars' and owner_id = (select auth.uid())::text);
create policy folders on storage.objects for select to authenticated
using (bucket_id = 'avatars' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy private_ones on storage.objects for select to authenticated using (bucket_id = 'mine');
create policy uploads on storage.objects for insert to authenticated with check (bucket_id = 'avatars' and owner_id = (select auth.uid())::text);

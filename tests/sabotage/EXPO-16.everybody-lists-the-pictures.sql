-- object: "Avatar images are publicly accessible." on storage.objects: bucket avatars
-- object: signed_in on storage.objects: bucket papers
-- set: public_buckets = ["avatars", "papers"]
-- also: PERF-10
insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true), ('papers', 'papers', true), ('mine', 'mine', false);
create policy "Avatar images are publicly accessible." on storage.objects for select to anon, authenticated
using (bucket_id = 'avatars');
create policy signed_in on storage.objects for select to authenticated
using (bucket_id = any (array['papers', 'mine']) and (select auth.uid()) is not null);

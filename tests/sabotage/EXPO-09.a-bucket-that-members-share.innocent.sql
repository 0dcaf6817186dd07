-- Files that all members read, in a bucket of their own, beside another whose files are somebody's.
insert into storage.buckets (id, name, public) values ('papers', 'papers', false), ('handouts', 'handouts', false);
create policy own_papers on storage.objects for select to authenticated
using (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy all_handouts on storage.objects for select to authenticated using (bucket_id = 'handouts');

-- object: *: bucket papers
-- Whoever is signed in reads the bucket; whose the papers are, only the policy for new ones says.
insert into storage.buckets (id, name, public) values ('papers', 'papers', false);
create policy own_papers on storage.objects for insert to authenticated
with check (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy all_papers on storage.objects for select to authenticated
using (bucket_id = 'papers' and (select auth.uid()) is not null);

-- object: *: bucket papers
-- Each policy names its bucket; the second one names the first one's as well.
insert into storage.buckets (id, name, public) values ('papers', 'papers', false), ('lists', 'lists', false);
create policy own_papers on storage.objects for select to authenticated
using (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy all_lists on storage.objects for select to authenticated
using (bucket_id in ('lists', 'papers') and (select auth.uid()) is not null);

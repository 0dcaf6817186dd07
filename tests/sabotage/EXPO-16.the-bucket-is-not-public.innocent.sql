insert into storage.buckets (id, name, public) values ('papers', 'papers', false);
create policy members on storage.objects for select to authenticated using (bucket_id = 'papers');

-- object: "papers of projects" on storage.objects
create table public.projects (id uuid primary key, name text, owner uuid);
create index on public.projects (owner);
alter table public.projects enable row level security;
create policy "papers of projects" on storage.objects for select to authenticated using (
    bucket_id = 'papers' and exists (
        select from public.projects p
        where p.owner = (select auth.uid()) and p.id::text = (storage.foldername(name))[1]));

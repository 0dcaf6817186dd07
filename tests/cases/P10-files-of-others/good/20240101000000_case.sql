create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.team_members (team_id uuid not null references public.teams (id) on delete cascade, user_id uuid not null references auth.users (id) on delete cascade, role text not null default 'member' check (role in ('owner', 'admin', 'member')), primary key (team_id, user_id));
alter table public.teams enable row level security; alter table public.team_members enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
create policy mine on public.team_members for select to authenticated using (user_id = (select auth.uid()));
create policy mine on public.teams for select to authenticated using (exists (select from public.team_members m where m.team_id = teams.id and m.user_id = (select auth.uid())));
create index on public.team_members (user_id);
insert into storage.buckets (id, name, public) values
('letters', 'letters', false), ('plans', 'plans', false), ('photos', 'photos', false), ('desk', 'desk', false), ('drafts', 'drafts', false);
create policy "letters read" on storage.objects for select to authenticated using (bucket_id = 'letters' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy "letters write" on storage.objects for insert to authenticated with check (bucket_id = 'letters' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy "letters drop" on storage.objects for delete to authenticated using (bucket_id = 'letters' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy "plans read" on storage.objects for select to authenticated using (bucket_id = 'plans' and exists (select from public.team_members m where m.user_id = (select auth.uid()) and m.team_id::text = (storage.foldername(objects.name))[1]));
create policy "photos read" on storage.objects for select to authenticated using (bucket_id = 'photos' and owner_id = (select auth.uid())::text);
create policy "photos move" on storage.objects for update to authenticated using (bucket_id = 'photos' and owner_id = (select auth.uid())::text) with check (bucket_id = 'photos' and owner_id = (select auth.uid())::text);
create policy "desk read" on storage.objects for select to authenticated using (bucket_id = 'desk' and ((storage.foldername(name))[1] = 'shared' or (storage.foldername(name))[2] = (select auth.uid())::text));
create policy "drafts write" on storage.objects for insert to authenticated with check (bucket_id = 'drafts' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy "drafts read" on storage.objects for select to authenticated using (bucket_id = 'drafts' and (storage.foldername(name))[1] = (select auth.uid())::text);

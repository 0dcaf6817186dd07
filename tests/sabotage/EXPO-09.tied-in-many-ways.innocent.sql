-- set: public_buckets = ["avatars"]
-- also: EXPO-16 PERF-10 RLS-14
insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true), ('papers', 'papers', false);
create function private.may_see(bucket text, object_name text) returns boolean language sql stable set search_path = ''
return auth.uid() is not null and bucket <> object_name;
create policy one on storage.objects for select using (bucket_id = 'avatars');
create policy two on storage.objects for all to authenticated
using (bucket_id = any (array['avatars', 'papers']) and (select auth.uid())::text = (storage.foldername(name))[1]);
create policy three on storage.objects for insert to authenticated with check (owner = (select auth.uid()));
create policy four on storage.objects for select to authenticated
using ((select private.is_admin()) or owner_id = (select auth.uid()::text));
create policy five on storage.objects for select to authenticated using (private.may_see(bucket_id, name));
create policy six on storage.objects for delete to authenticated
using ((storage.foldername(name))[1] = (select (auth.jwt() ->> 'sub')));
create policy seven on storage.objects for select to authenticated using (exists (
    select from public.help_requests r where r.id::text = split_part(objects.name, '/', 1) and r.user_id = (select auth.uid())));
create policy eight on storage.objects to public using ((select auth.role()) = 'service_role');
create policy nine on storage.objects to service_role using (true);
create policy ten on storage.objects as restrictive for all to authenticated using ((select auth.uid()) is not null);
create policy eleven on storage.objects for update to authenticated using (bucket_id in ('papers') and owner_id = (select auth.uid())::text);

create function public.firm() returns text language sql stable set search_path = '' as $$
    select auth.jwt() -> 'app_metadata' ->> 'firm' $$;
insert into storage.buckets (id, name, public) values ('leases', 'leases', false), ('plans', 'plans', false), ('avatars', 'avatars', false);
create policy leases_add on storage.objects for insert to authenticated
    with check (bucket_id = 'leases' and (storage.foldername(name))[1] = (select public.firm()));
create policy plans_read on storage.objects for select to authenticated
    using (bucket_id = 'plans' and (storage.foldername(name))[1] = (select public.firm()));
create policy avatars_read on storage.objects for select to authenticated using (bucket_id = 'avatars');
create policy avatars_add on storage.objects for insert to authenticated
    with check (bucket_id = 'avatars' and (storage.foldername(name))[1] = (select public.firm()));
create policy leases_read on storage.objects for select to authenticated using (bucket_id = 'leases');
create policy plans_add on storage.objects for insert to authenticated with check (bucket_id = 'plans');

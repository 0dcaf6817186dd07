create schema if not exists private;
create function private.is_admin() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from auth.users where id = auth.uid() and raw_app_meta_data ->> 'role' = 'admin')
$$;
grant usage on schema private to authenticated;

create table public.files (id bigint generated always as identity primary key, user_id uuid not null, path text, role text);
create index on public.files (user_id);
alter table public.files enable row level security;
grant select on public.files to authenticated;
create policy "own and shared files" on public.files for select to authenticated
using (user_id = (select auth.uid()) or path like 'shared/%' or role = 'everybody'
       or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'moderator'
       or ((select auth.jwt()) ->> 'user_role') = 'editor'
       or coalesce((select auth.uid()), '00000000-0000-0000-0000-000000000000') <> user_id and (select auth.role()) = 'service_role');

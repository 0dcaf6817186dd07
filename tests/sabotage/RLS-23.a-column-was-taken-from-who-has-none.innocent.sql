create table public.shades (id bigint generated always as identity primary key, name text, secret text);
create index on public.shades (name);
alter table public.shades enable row level security;
create policy own on public.shades for select to authenticated using (name = (select auth.uid())::text);
revoke select on public.shades from anon, authenticated;
revoke select (secret) on public.shades from anon, authenticated;
grant select (id, name) on public.shades to authenticated;

-- also: EXPO-14
-- set: public_tables = ["public.tags"]
create extension pg_graphql;
create table public.posts (id bigint generated always as identity primary key, writer uuid, is_published boolean);
create table public.tags (id bigint generated always as identity primary key, name text);
create table public.wishes (id bigint generated always as identity primary key, writer uuid, words text);
create index on public.posts (writer);
create index on public.wishes (writer);
alter table public.posts enable row level security;
alter table public.tags enable row level security;
alter table public.wishes enable row level security;
grant select on public.posts, public.tags to anon, authenticated;
grant insert on public.wishes to anon, authenticated;
grant select on public.wishes to authenticated;
create policy published on public.posts for select to anon, authenticated
using (is_published or writer = (select auth.uid()));
create policy all_tags on public.tags for select to anon, authenticated using (true);
create policy wish on public.wishes for insert to authenticated with check (writer = (select auth.uid()));
create policy own on public.wishes for select to authenticated using (writer = (select auth.uid()));

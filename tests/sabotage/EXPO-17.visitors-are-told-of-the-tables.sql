-- object: public.diaries
-- object: public.letters
-- also: EXPO-14
create extension pg_graphql;
create table public.diaries (id bigint generated always as identity primary key, writer uuid, words text);
create table public.letters (id bigint generated always as identity primary key, writer uuid, words text);
create index on public.diaries (writer);
create index on public.letters (writer);
alter table public.diaries enable row level security;
alter table public.letters enable row level security;
grant select on public.diaries, public.letters to anon, authenticated;
create policy own on public.diaries for select to authenticated using (writer = (select auth.uid()));
create policy mine on public.letters for select to anon, authenticated using (writer = (select auth.uid()));

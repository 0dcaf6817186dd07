-- also: PERF-10
create table public.posts (
    id bigint generated always as identity primary key, owner uuid, published_at timestamptz, deleted_at timestamptz,
    is_published boolean not null default false, language_code text not null default 'en', share_token text, slug text unique);
create index on public.posts (owner);
alter table public.posts enable row level security;
grant select, update on public.posts to anon, authenticated;
create policy published on public.posts for select to anon, authenticated
    using (published_at is not null and deleted_at is null and slug is not null);
create policy marked on public.posts for select to anon using (is_published and language_code = 'en');
create policy shared on public.posts for select to authenticated using (owner is null or owner = (select auth.uid()));
create policy mine on public.posts for select to authenticated
    using (share_token is not null and owner = (select auth.uid()));
create policy theirs on public.posts for update to authenticated
    using ((select auth.uid()) is not null and owner is not distinct from (select auth.uid()));

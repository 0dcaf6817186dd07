-- set: public_tables = ["public.categories"]
create table public.categories (id bigint generated always as identity primary key, name text);
alter table public.categories enable row level security;
grant select on public.categories to anon, authenticated;
create policy "everybody reads categories" on public.categories for select to anon, authenticated using (true);
create policy "the server does everything" on public.categories for all to service_role using (true) with check (true);

-- A declaration by row, for reading.
create table public.articles (
    id bigint generated always as identity primary key, user_id uuid not null, published boolean not null, content text
);
create index on public.articles (user_id);
alter table public.articles enable row level security;
grant select, update (content) on public.articles to authenticated;
grant select on public.articles to anon;
create policy "published articles" on public.articles for select to anon using (published);
create policy "own and published articles" on public.articles for select to authenticated
using (published or user_id = (select auth.uid()));
-- Whose an article is, nobody may change; so the new row is the old owner's.
create policy "authors edit" on public.articles for update to authenticated
using (user_id = (select auth.uid())) with check (true);

-- Always true, but limited by a restrictive policy that looks at the caller, or without any privilege.
create table public.drafts (id bigint generated always as identity primary key, user_id uuid not null);
create index on public.drafts (user_id);
alter table public.drafts enable row level security;
grant select on public.drafts to authenticated;
create policy "members" on public.drafts for all to authenticated using (true);
create policy "own drafts only" on public.drafts as restrictive for all to public
using (user_id = (select auth.uid()));
create policy "nobody may insert" on public.articles for insert to authenticated with check (true);

-- What another table shows to the caller decides.
create policy "drafts of articles that one sees" on public.articles for delete to authenticated
using (exists (select from public.help_requests r where r.user_id = articles.user_id));
grant delete on public.articles to authenticated;

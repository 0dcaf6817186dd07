create table public.readers (
    id uuid primary key references auth.users (id) on delete cascade, nick text, subscription text not null default 'free'
    check (subscription in ('free', 'paid')));
create table public.articles (
    id uuid primary key default gen_random_uuid(), for_payers boolean not null default true, said text not null default '');
alter table public.readers enable row level security;
alter table public.articles enable row level security;
revoke all on public.readers, public.articles from anon, authenticated;
grant select on public.readers, public.articles to authenticated;
create policy me on public.readers for select to authenticated using (id = (select auth.uid()));
create policy edit on public.readers for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy look on public.articles for select to authenticated using (
    (select auth.uid()) is not null and (not for_payers or exists (select from public.readers r where r.id = (select auth.uid()) and r.subscription = 'paid')));

grant update (nick, subscription) on public.readers to authenticated;

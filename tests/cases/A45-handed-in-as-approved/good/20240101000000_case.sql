create table public.critiques (
    id bigint generated always as identity primary key,
    writer uuid not null default auth.uid() references auth.users on delete cascade,
    status text not null default 'waiting' check (status in ('waiting', 'approved')), words text not null
);
create index on public.critiques (writer);
create table public.stories (
    id uuid primary key default gen_random_uuid(),
    writer uuid not null default auth.uid() references auth.users on delete cascade,
    is_approved boolean not null default false, words text not null
);
create index on public.stories (writer);
alter table public.critiques enable row level security;
alter table public.stories enable row level security;
create policy read on public.critiques for select to authenticated
    using (status = 'approved' or writer = (select auth.uid()));
create policy read on public.stories for select to authenticated using (is_approved or writer = (select auth.uid()));
create policy add on public.critiques for insert to authenticated with check (writer = (select auth.uid()) and status = 'waiting');
create policy add on public.stories for insert to authenticated with check (writer = (select auth.uid()) and not is_approved);

create table public.crew (
    person uuid primary key references auth.users on delete cascade, boss uuid references auth.users on delete set null
);
create index on public.crew (boss);
create table public.expenses (
    id bigint generated always as identity primary key,
    person uuid not null default auth.uid() references auth.users on delete cascade,
    stage text not null default 'draft' check (stage in ('draft', 'handed_in', 'agreed')), purpose text not null
);
create index on public.expenses (person);
create table public.reviews (
    id bigint generated always as identity primary key,
    writer uuid not null default auth.uid() references auth.users on delete cascade,
    status text not null default 'waiting' check (status in ('waiting', 'approved')), words text not null
);
create index on public.reviews (writer);
create table public.errands (
    id bigint generated always as identity primary key,
    made_by uuid not null default auth.uid() references auth.users on delete cascade,
    state text not null default 'waiting' check (state in ('waiting', 'doing', 'done')), purpose text not null
);
create index on public.errands (made_by);
alter table public.crew enable row level security;
alter table public.expenses enable row level security;
alter table public.reviews enable row level security;
alter table public.errands enable row level security;
create function public.is_boss_of(p uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.crew c where c.person = p and c.boss = (select auth.uid())) $$;
create policy self on public.crew for select to authenticated using (person = (select auth.uid()));
create policy own on public.expenses for select to authenticated using (person = (select auth.uid()));
create policy bosses on public.expenses for select to authenticated using (public.is_boss_of(person) and stage <> 'draft');
create policy add on public.expenses for insert to authenticated
    with check (person = (select auth.uid()) and stage = 'draft');
create policy agree on public.expenses for update to authenticated using (public.is_boss_of(person) and stage = 'handed_in')
    with check (public.is_boss_of(person) and stage in ('handed_in', 'agreed'));
create policy read on public.reviews for select to authenticated
    using (status = 'approved' or writer = (select auth.uid()));
create policy add on public.reviews for insert to authenticated
    with check (writer = (select auth.uid()) and status = 'waiting');
create policy own on public.errands for select to authenticated using (made_by = (select auth.uid()));
create policy add on public.errands for insert to authenticated
    with check (made_by = (select auth.uid()) and state = 'waiting');
create policy go_on on public.errands for update to authenticated using (made_by = (select auth.uid()))
    with check (made_by = (select auth.uid()));
create policy change on public.expenses for update to authenticated using (person = (select auth.uid()) and stage = 'draft')
    with check (person = (select auth.uid()) and stage in ('draft', 'handed_in'));
create policy change on public.reviews for update to authenticated using (writer = (select auth.uid()) and status = 'waiting')
    with check (writer = (select auth.uid()) and status = 'waiting');

create table public.contests (
    id uuid primary key default gen_random_uuid(), host uuid not null references auth.users on delete cascade, name text not null,
    deadline timestamptz not null
);
create index on public.contests (host);
create table public.entries (
    id uuid primary key default gen_random_uuid(), contest uuid not null references public.contests on delete cascade,
    person uuid not null references auth.users on delete cascade, secret_words text
);
create index on public.entries (contest);
create index on public.entries (person);
create table public.subscriptions (
    id uuid primary key default gen_random_uuid(), person uuid not null references auth.users on delete cascade, note text,
    ends_at timestamptz not null
);
create index on public.subscriptions (person);
create table public.drawings (
    id uuid primary key default gen_random_uuid(), subscription uuid not null references public.subscriptions on delete cascade,
    person uuid not null references auth.users on delete cascade, secret_lines text
);
create index on public.drawings (subscription);
create index on public.drawings (person);
create table public.licences (
    id uuid primary key default gen_random_uuid(), person uuid not null references auth.users on delete cascade, note text,
    good_until timestamptz not null
);
create index on public.licences (person);
create table public.catches (
    id uuid primary key default gen_random_uuid(), licence uuid not null references public.licences on delete cascade,
    person uuid not null references auth.users on delete cascade, secret_place text
);
create index on public.catches (licence);
create index on public.catches (person);
alter table public.licences enable row level security; alter table public.catches enable row level security;
create policy seen on public.licences for select to authenticated using (person = (select auth.uid()) or exists (
    select from public.subscriptions s where s.person = (select auth.uid())));
create policy own on public.catches for select to authenticated using (person = (select auth.uid()));
create policy note on public.catches for update to authenticated using (person = (select auth.uid()) and exists (
    select from public.licences l where l.id = catches.licence and l.person = (select auth.uid()) and l.good_until > now()))
    with check (person = (select auth.uid()));
revoke update on public.licences, public.catches from anon, authenticated;
grant update (secret_place) on public.catches to authenticated;
alter table public.contests enable row level security; alter table public.entries enable row level security;
alter table public.subscriptions enable row level security; alter table public.drawings enable row level security;
create policy own on public.entries for select to authenticated using (person = (select auth.uid()));
create policy rewrite on public.entries for update to authenticated using (person = (select auth.uid()) and exists (
    select from public.contests c where c.id = entries.contest and c.deadline > now())) with check (person = (select auth.uid()));
create policy own on public.subscriptions for select to authenticated using (person = (select auth.uid()));
create policy own on public.drawings for select to authenticated using (person = (select auth.uid()));
create policy redraw on public.drawings for update to authenticated using (person = (select auth.uid()) and exists (
    select from public.subscriptions s where s.id = drawings.subscription and s.ends_at > now()))
    with check (person = (select auth.uid()));
revoke update on public.contests, public.subscriptions, public.entries, public.drawings from anon, authenticated;
grant update (secret_words) on public.entries to authenticated;
grant update (secret_lines) on public.drawings to authenticated;
grant update (name, deadline) on public.contests to authenticated;
grant update (note) on public.licences to authenticated;
create policy change on public.licences for update to authenticated using (person = (select auth.uid()))
    with check (person = (select auth.uid()));
create policy see on public.contests for select to authenticated using (host = (select auth.uid()) or exists (
    select from public.subscriptions s where s.person = (select auth.uid())));
create policy hosts on public.contests for update to authenticated using (host = (select auth.uid()))
    with check (host = (select auth.uid()));
grant update (note) on public.subscriptions to authenticated;
create policy change on public.subscriptions for update to authenticated using (person = (select auth.uid()))
    with check (person = (select auth.uid()));

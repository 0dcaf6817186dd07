create table public.wardens (id uuid primary key references auth.users on delete cascade,
    rank text not null default 'guest' check (rank in ('guest', 'warden')), nickname text);
create table public.diaries (id uuid primary key default gen_random_uuid(),
    writer uuid not null references auth.users on delete cascade, message text not null);
create index on public.diaries (writer);
create table public.notes (id uuid primary key default gen_random_uuid(),
    writer uuid not null references auth.users on delete cascade, message text not null);
create index on public.notes (writer);
create table public.contacts (id uuid primary key default gen_random_uuid(),
    person uuid not null references auth.users on delete cascade, phone text);
create index on public.contacts (person);
create table public.keys (id uuid primary key default gen_random_uuid(),
    holder uuid not null references auth.users on delete cascade, password text);
create index on public.keys (holder);
create table public.reports (id bigint generated always as identity primary key, words text not null);
alter table public.wardens enable row level security;
alter table public.diaries enable row level security;
alter table public.notes enable row level security;
alter table public.contacts enable row level security;
alter table public.reports enable row level security;
create policy self on public.wardens for select to authenticated using (id = (select auth.uid()));
create policy change on public.wardens for update to authenticated using (id = (select auth.uid()));
create policy own on public.notes for select to authenticated using (writer = (select auth.uid()));
create policy own on public.contacts for select to authenticated using (person = (select auth.uid()));
create policy wardens on public.reports for select to authenticated using (exists (
    select from public.wardens w where w.id = (select auth.uid()) and w.rank = 'warden'));
create policy add on public.diaries for insert to authenticated with check (writer = (select auth.uid()));
create policy read on public.diaries for select to authenticated using (true);
create function public.note_of(p_note uuid) returns text language sql stable security definer set search_path = '' as $$
    select n.message from public.notes n where n.id = p_note $$;
create view public.phones as select person, phone from public.contacts;

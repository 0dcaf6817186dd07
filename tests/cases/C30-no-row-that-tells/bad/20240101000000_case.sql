create table public.lockers (id bigint generated always as identity primary key, label text not null,
    holder uuid references auth.users on delete cascade, check (holder is null));
create index on public.lockers (holder);
create table public.lamps (id bigint generated always as identity primary key, lit boolean not null default true, check (lit));
create table public.chapters (id bigint generated always as identity primary key,
    state text not null default 'open' check (state in ('open')));
create table public.readings (person uuid not null references auth.users on delete cascade, day date not null,
    value integer not null default 0, primary key (person, day)) partition by range (day);
create table public.seals (id bigint generated always as identity primary key,
    person uuid not null references auth.users on delete cascade, mark text not null default '',
    check (mark = md5(person::text || id::text)));
create index on public.seals (person);
alter table public.lockers enable row level security;
alter table public.lamps enable row level security;
alter table public.chapters enable row level security;
alter table public.readings enable row level security;
alter table public.seals enable row level security;
revoke all on public.lockers, public.lamps, public.chapters, public.readings, public.seals from anon, authenticated;
grant select on public.lockers, public.lamps, public.chapters, public.readings, public.seals to authenticated;
create policy read on public.lockers for select to authenticated using (holder is null and (select auth.uid()) is not null);
create policy read on public.lamps for select to authenticated using (lit and (select auth.uid()) is not null);
create policy read on public.chapters for select to authenticated using (state = 'open' and (select auth.uid()) is not null);
create policy read on public.readings for select to authenticated using (person = (select auth.uid()));
create policy read on public.seals for select to authenticated using (person = (select auth.uid()));

create table public.rooms (id bigint generated always as identity primary key, slug text not null unique);
create table public.room_people (
    room bigint not null references public.rooms on delete cascade,
    person uuid not null references auth.users on delete cascade, primary key (room, person)
);
create index on public.room_people (person);
create table public.utterances (
    id bigint generated always as identity primary key, room bigint not null references public.rooms on delete cascade,
    person uuid not null default auth.uid() references auth.users on delete cascade, words text not null
);
create index on public.utterances (room);
create index on public.utterances (person);
create table public.pictures (
    id bigint generated always as identity primary key, room bigint not null references public.rooms on delete cascade,
    maker uuid not null references auth.users on delete cascade, path text not null
);
create index on public.pictures (room);
create index on public.pictures (maker);
create table public.notices (
    id bigint generated always as identity primary key, room bigint not null references public.rooms on delete cascade,
    reader uuid not null references auth.users on delete cascade, words text not null, read boolean not null default false
);
create index on public.notices (room);
create index on public.notices (reader);
create table public.ballots (
    id bigint generated always as identity primary key, room bigint not null references public.rooms on delete cascade,
    voter_id uuid not null references auth.users on delete cascade, choice text not null
);
create index on public.ballots (room);
create index on public.ballots (voter_id);
alter table public.ballots enable row level security;
alter table public.rooms enable row level security;
alter table public.room_people enable row level security;
alter table public.utterances enable row level security;
alter table public.pictures enable row level security;
alter table public.notices enable row level security;
create policy own on public.room_people for select to authenticated using (person = (select auth.uid()));
create policy joined on public.rooms for select to authenticated
    using (id in (select p.room from public.room_people p where p.person = (select auth.uid())));
create policy joined on public.utterances for select to authenticated
    using (room in (select p.room from public.room_people p where p.person = (select auth.uid())));
create policy joined on public.pictures for select to authenticated
    using (room in (select p.room from public.room_people p where p.person = (select auth.uid())));
create policy take_back on public.pictures for delete to authenticated using (maker = (select auth.uid()));
create policy mine on public.notices for select to authenticated using (reader = (select auth.uid()));
create policy told on public.notices for insert to authenticated
    with check (room in (select p.room from public.room_people p where p.person = (select auth.uid())));
create policy say on public.utterances for insert to authenticated
    with check (person = (select auth.uid()) and room in (select p.room from public.room_people p where p.person = (select auth.uid())));
create policy hang on public.pictures for insert to authenticated
    with check (maker = (select auth.uid()) and room in (select p.room from public.room_people p where p.person = (select auth.uid())));
create policy mine on public.ballots for select to authenticated using (voter_id = (select auth.uid()));
create policy cast_it on public.ballots for insert to authenticated
    with check (voter_id = (select auth.uid()) and room in (select p.room from public.room_people p where p.person = (select auth.uid())));
create table public.recommendations (
    id bigint generated always as identity primary key, room bigint not null references public.rooms on delete cascade,
    referrer_id uuid not null references auth.users on delete cascade, friend text not null
);
create index on public.recommendations (room);
create index on public.recommendations (referrer_id);
alter table public.recommendations enable row level security;
create policy joined on public.recommendations for select to authenticated
    using (room in (select p.room from public.room_people p where p.person = (select auth.uid())));
create policy recommend on public.recommendations for insert to authenticated
    with check (referrer_id = (select auth.uid()) and room in (select p.room from public.room_people p where p.person = (select auth.uid())));

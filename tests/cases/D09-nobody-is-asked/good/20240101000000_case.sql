create table public.beds (
    id uuid primary key default gen_random_uuid(),
    gardener uuid not null default auth.uid() references auth.users on delete cascade,
    plan text not null, deleted_at timestamptz
);
create index on public.beds (gardener);
create table public.teams (id uuid primary key default gen_random_uuid(), label text not null);
create table public.team_people (
    team uuid not null references public.teams on delete cascade,
    person uuid not null references auth.users on delete cascade, primary key (team, person)
);
create index on public.team_people (person);
create table public.annexes (
    id uuid primary key default gen_random_uuid(), owner_kind text not null check (owner_kind in ('person', 'team')),
    owner_id uuid not null, remark text
);
create index on public.annexes (owner_id, owner_kind);
create table public.songs (
    id uuid primary key default gen_random_uuid(), author uuid not null default auth.uid() references auth.users on delete cascade,
    players uuid[] not null default '{}', barred uuid[] not null default '{}', chords text not null
);
create index on public.songs (author);
create table public.expenses (
    id bigint generated always as identity primary key,
    person uuid not null default auth.uid() references auth.users on delete cascade,
    stage text not null default 'draft' check (stage in ('draft', 'handed_in', 'settled')), purpose text not null
);
create index on public.expenses (person);
create table public.rooms (id bigint generated always as identity primary key, slug text not null unique);
create table public.room_people (
    room bigint not null references public.rooms on delete cascade,
    person uuid not null references auth.users on delete cascade, primary key (room, person)
);
create index on public.room_people (person);
create table public.poems (
    id uuid primary key default gen_random_uuid(), writer uuid not null default auth.uid() references auth.users on delete cascade,
    lines text not null, state text not null default 'sketch' check (state in ('sketch', 'published')), withdrawn_at timestamptz
);
create index on public.poems (writer);
create table public.presets (
    id bigint generated always as identity primary key, owner uuid references auth.users on delete cascade, knobs jsonb
);
create index on public.presets (owner);
create table public.sketches (
    id uuid primary key default gen_random_uuid(), owner uuid not null references auth.users on delete cascade,
    title text not null, deleted_at timestamptz
);
create index on public.sketches (owner);
create table public.sketch_readers (
    sketch uuid not null references public.sketches on delete cascade,
    person uuid not null references auth.users on delete cascade, primary key (sketch, person)
);
create index on public.sketch_readers (person);
alter table public.sketches enable row level security;
alter table public.sketch_readers enable row level security;
create policy me on public.sketch_readers for select to authenticated using (person = (select auth.uid()));
create policy own on public.sketches for select to authenticated using (owner = (select auth.uid()));
create policy readers on public.sketches for select to authenticated using (exists (
    select from public.sketch_readers r where r.sketch = sketches.id and r.person = (select auth.uid())));
alter table public.beds enable row level security;
alter table public.teams enable row level security;
alter table public.team_people enable row level security;
alter table public.annexes enable row level security;
alter table public.songs enable row level security;
alter table public.expenses enable row level security;
alter table public.rooms enable row level security;
alter table public.room_people enable row level security;
alter table public.poems enable row level security;
alter table public.presets enable row level security;
create policy own on public.beds for select to authenticated using (gardener = (select auth.uid()));
create policy own on public.team_people for select to authenticated using (person = (select auth.uid()));
create policy ours on public.teams for select to authenticated
    using (id in (select t.team from public.team_people t where t.person = (select auth.uid())));
create policy own on public.songs for select to authenticated using (author = (select auth.uid()));
create policy own on public.expenses for select to authenticated using (person = (select auth.uid()));
create policy own on public.room_people for select to authenticated using (person = (select auth.uid()));
create policy joined on public.rooms for select to authenticated
    using (id in (select p.room from public.room_people p where p.person = (select auth.uid())));
create policy speak on realtime.messages for insert to authenticated with check (exists (
    select from public.room_people p join public.rooms r on r.id = p.room
    where p.person = (select auth.uid()) and 'room:' || r.slug = (select realtime.topic())));
create policy read on public.poems for select to authenticated
    using (writer = (select auth.uid()) or (state = 'published' and withdrawn_at is null));
create policy mine on public.presets for select to authenticated using (owner is null or owner = (select auth.uid()));
create policy alive on public.beds as restrictive for select to authenticated using (deleted_at is null);
create policy seen on public.annexes for select to authenticated
    using ((owner_kind = 'person' and owner_id = (select auth.uid())) or (owner_kind = 'team' and owner_id in (
        select t.team from public.team_people t where t.person = (select auth.uid()))));
create policy players on public.songs for select to authenticated
    using (players @> array[(select auth.uid())] and not (barred @> array[(select auth.uid())]));
create policy hear on realtime.messages for select to authenticated using (exists (
    select from public.room_people p join public.rooms r on r.id = p.room
    where p.person = (select auth.uid()) and 'room:' || r.slug = (select realtime.topic())));
create policy kept on public.sketches as restrictive for select to authenticated using (deleted_at is null);

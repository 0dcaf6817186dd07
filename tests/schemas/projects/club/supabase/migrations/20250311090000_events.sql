create table public.venues (
    id bigint generated always as identity primary key,
    name text not null unique,
    address text not null
);

create table public.events (
    id uuid primary key default gen_random_uuid(),
    venue_id bigint not null references public.venues (id) on delete restrict,
    created_by uuid references public.members (id) on delete set null,
    title text not null check (char_length(title) between 3 and 120),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    capacity integer not null default 20 check (capacity > 0),
    is_public boolean not null default false,
    check (ends_at > starts_at)
);
create index events_venue_id_idx on public.events (venue_id);
create index events_created_by_idx on public.events (created_by);
create index events_starts_at_idx on public.events (starts_at);

create table public.attendances (
    event_id uuid not null references public.events (id) on delete cascade,
    member_id uuid not null references public.members (id) on delete cascade,
    answered_at timestamptz not null default now(),
    answer text not null default 'yes' check (answer in ('yes', 'no', 'maybe')),
    primary key (event_id, member_id)
);
create index attendances_member_id_idx on public.attendances (member_id);

create table public.fees (
    id uuid primary key default gen_random_uuid(),
    member_id uuid not null references public.members (id) on delete cascade,
    season smallint not null check (season between 2000 and 2100),
    amount numeric(8, 2) not null check (amount >= 0),
    paid_at timestamptz,
    unique (member_id, season)
);

alter table public.venues enable row level security;
alter table public.events enable row level security;
alter table public.attendances enable row level security;
alter table public.fees enable row level security;

grant select on public.venues to anon, authenticated;
create policy "Everybody sees where we meet" on public.venues for select to anon, authenticated using (true);

grant select on public.events to anon, authenticated;
grant insert, update, delete on public.events to authenticated;
create policy "Visitors see public events" on public.events for select to anon using (is_public);
create policy "Members see all events" on public.events for select to authenticated
    using (is_public or (select private.level_of_caller()) in ('member', 'coach', 'board'));
create policy "Coaches make events" on public.events for insert to authenticated
    with check (created_by = (select auth.uid()) and (select private.level_of_caller()) in ('coach', 'board'));
create policy "Coaches change their events" on public.events for update to authenticated
    using (created_by = (select auth.uid()) and (select private.level_of_caller()) in ('coach', 'board'))
    with check (created_by = (select auth.uid()));
create policy "Coaches remove their events" on public.events for delete to authenticated
    using (created_by = (select auth.uid()) and (select private.level_of_caller()) in ('coach', 'board'));

grant select, insert, delete on public.attendances to authenticated;
grant update (answer) on public.attendances to authenticated;
create policy "Members see their own answers" on public.attendances for select to authenticated
    using (member_id = (select auth.uid()) or (select private.level_of_caller()) in ('coach', 'board'));
create policy "Members answer for themselves" on public.attendances for insert to authenticated
    with check (member_id = (select auth.uid()));
create policy "Members change their answer" on public.attendances for update to authenticated
    using (member_id = (select auth.uid())) with check (member_id = (select auth.uid()));
create policy "Members take their answer back" on public.attendances for delete to authenticated
    using (member_id = (select auth.uid()));

grant select on public.fees to authenticated;
create policy "Members see their own fees" on public.fees for select to authenticated
    using (member_id = (select auth.uid()) or (select private.level_of_caller()) = 'board');

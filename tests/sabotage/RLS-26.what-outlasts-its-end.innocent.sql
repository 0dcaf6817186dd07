-- Who has left a room reads on and writes no more; what was written in a rental outlasts it; and a day by which somebody
-- is to answer is the end of nothing once they have said yes.
create table public.sabotage_rooms (
    room integer not null,
    person uuid not null references public.profiles (id) on delete cascade,
    answer text not null default 'yes' check (answer in ('asked', 'yes')),
    answer_by timestamptz not null default now() + interval '7 days',
    gone timestamptz,
    primary key (room, person)
);
create table public.sabotage_words (
    id uuid primary key default gen_random_uuid(),
    room integer not null,
    amount integer not null default 0
);
create table public.sabotage_rentals (
    id uuid primary key default gen_random_uuid(),
    tenant uuid not null references public.profiles (id) on delete cascade,
    ends_at timestamptz not null
);
create table public.sabotage_letters (
    id uuid primary key default gen_random_uuid(),
    rental uuid not null references public.sabotage_rentals (id) on delete cascade,
    amount integer not null default 0
);
create table public.sabotage_keys (
    id uuid primary key default gen_random_uuid(),
    rental uuid not null references public.sabotage_rentals (id) on delete cascade,
    amount integer not null default 0
);
create index on public.sabotage_rooms (person);
create index on public.sabotage_words (room);
create index on public.sabotage_rentals (tenant);
create index on public.sabotage_letters (rental);
create index on public.sabotage_keys (rental);
alter table public.sabotage_rooms enable row level security;
alter table public.sabotage_words enable row level security;
alter table public.sabotage_rentals enable row level security;
alter table public.sabotage_letters enable row level security;
alter table public.sabotage_keys enable row level security;
revoke all on public.sabotage_rooms, public.sabotage_words, public.sabotage_rentals, public.sabotage_letters,
    public.sabotage_keys from anon, authenticated;
grant select on public.sabotage_rooms, public.sabotage_words, public.sabotage_rentals, public.sabotage_letters,
    public.sabotage_keys to authenticated;
grant update (amount) on public.sabotage_words to authenticated;
create policy "People see themselves" on public.sabotage_rooms for select to authenticated
    using (person = (select auth.uid()));
create policy "People see words" on public.sabotage_words for select to authenticated
    using (exists (
        select from public.sabotage_rooms r
        where r.room = sabotage_words.room and r.person = (select auth.uid()) and r.answer = 'yes'));
create policy "People change words" on public.sabotage_words for update to authenticated
    using (exists (
        select from public.sabotage_rooms r
        where r.room = sabotage_words.room and r.person = (select auth.uid()) and r.answer = 'yes' and r.gone is null));
create policy "Tenants see rentals" on public.sabotage_rentals for select to authenticated
    using (tenant = (select auth.uid()));
create policy "Tenants see letters" on public.sabotage_letters for select to authenticated
    using (exists (
        select from public.sabotage_rentals r where r.id = sabotage_letters.rental and r.tenant = (select auth.uid())));
create policy "Tenants see keys" on public.sabotage_keys for select to authenticated
    using (exists (
        select from public.sabotage_rentals r
        where r.id = sabotage_keys.rental and r.tenant = (select auth.uid()) and r.ends_at > now()));
insert into public.sabotage_rooms (room, person)
select n, id from public.profiles cross join generate_series(1, 2) as n;
insert into public.sabotage_words (room, amount) select 1 + n % 4, n from generate_series(1, 8) as n;
insert into public.sabotage_rentals (tenant, ends_at) select id, now() + interval '9 days' from public.profiles;
insert into public.sabotage_letters (rental, amount) select id, 1 from public.sabotage_rentals;
insert into public.sabotage_keys (rental, amount) select id, 2 from public.sabotage_rentals;

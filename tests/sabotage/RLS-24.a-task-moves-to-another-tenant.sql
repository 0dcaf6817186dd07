-- object: board_id of public.sabotage_cards
-- A new card is asked for its board; one that moves is asked for its company only.
create table public.sabotage_staff (
    company integer not null,
    user_id uuid not null references public.profiles (id) on delete cascade,
    primary key (company, user_id)
);
create table public.sabotage_boards (id uuid primary key default gen_random_uuid(), company integer not null, title text);
create table public.sabotage_cards (
    id uuid primary key default gen_random_uuid(),
    company integer not null,
    board_id uuid not null references public.sabotage_boards (id) on delete cascade,
    title text not null
);
create index on public.sabotage_staff (user_id);
create index on public.sabotage_boards (company);
create index on public.sabotage_cards (company);
create index on public.sabotage_cards (board_id);
alter table public.sabotage_staff enable row level security;
alter table public.sabotage_boards enable row level security;
alter table public.sabotage_cards enable row level security;
revoke all on public.sabotage_staff, public.sabotage_boards, public.sabotage_cards from anon, authenticated;
grant select on public.sabotage_staff, public.sabotage_boards, public.sabotage_cards to authenticated;
grant update (board_id, title) on public.sabotage_cards to authenticated;
create policy "Staff see themselves" on public.sabotage_staff for select to authenticated
    using (user_id = (select auth.uid()));
create policy "Staff see boards" on public.sabotage_boards for select to authenticated
    using (company in (select s.company from public.sabotage_staff s where s.user_id = (select auth.uid())));
create policy "Staff see cards" on public.sabotage_cards for select to authenticated
    using (company in (select s.company from public.sabotage_staff s where s.user_id = (select auth.uid())));
create policy "Staff change cards" on public.sabotage_cards for update to authenticated
    using (company in (select s.company from public.sabotage_staff s where s.user_id = (select auth.uid())))
    with check (company in (select s.company from public.sabotage_staff s where s.user_id = (select auth.uid())));
insert into public.sabotage_staff (company, user_id) select row_number() over (order by id) % 3, id from public.profiles;
insert into public.sabotage_boards (company, title) select n % 3, 'A board' from generate_series(1, 6) as n;
insert into public.sabotage_cards (company, board_id, title) select company, id, 'A card' from public.sabotage_boards;

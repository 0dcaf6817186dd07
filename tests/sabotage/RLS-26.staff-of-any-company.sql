-- object: "Staff see quotes" on public.sabotage_quotes
-- Whoever works for any company reads the quotes of all.
create table public.sabotage_staff (
    company integer not null,
    user_id uuid not null references public.profiles (id) on delete cascade,
    primary key (company, user_id)
);
create table public.sabotage_quotes (
    id uuid primary key default gen_random_uuid(),
    company integer not null,
    amount integer not null default 0
);
create index on public.sabotage_staff (user_id);
create index on public.sabotage_quotes (company);
alter table public.sabotage_staff enable row level security;
alter table public.sabotage_quotes enable row level security;
revoke all on public.sabotage_staff, public.sabotage_quotes from anon, authenticated;
grant select on public.sabotage_staff, public.sabotage_quotes to authenticated;
grant update (amount) on public.sabotage_quotes to authenticated;
create policy "Staff see themselves" on public.sabotage_staff for select to authenticated
    using (user_id = (select auth.uid()));
create policy "Staff see quotes" on public.sabotage_quotes for select to authenticated
    using (exists (select from public.sabotage_staff s where s.user_id = (select auth.uid())));
create policy "Staff change quotes" on public.sabotage_quotes for update to authenticated
    using (company in (select s.company from public.sabotage_staff s where s.user_id = (select auth.uid())));
insert into public.sabotage_staff (company, user_id)
select 1 + row_number() over (order by id) % 4, id from public.profiles;
insert into public.sabotage_quotes (company, amount) select n, 100 * n from generate_series(1, 4) as n;

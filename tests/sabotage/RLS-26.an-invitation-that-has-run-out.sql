-- object: public.sabotage_join(text)
-- An invitation is good for a week, and whoever comes a year later is let in all the same.
create table public.sabotage_houses (id uuid primary key default gen_random_uuid(), amount integer not null default 0);
create table public.sabotage_people (
    house uuid not null references public.sabotage_houses (id) on delete cascade,
    person uuid not null references public.profiles (id) on delete cascade,
    primary key (house, person)
);
create table public.sabotage_invites (
    token text primary key default gen_random_uuid()::text,
    house uuid not null references public.sabotage_houses (id) on delete cascade,
    good_until timestamptz not null default now() + interval '7 days'
);
create index on public.sabotage_people (person);
create index on public.sabotage_invites (house);
alter table public.sabotage_houses enable row level security;
alter table public.sabotage_people enable row level security;
alter table public.sabotage_invites enable row level security;
revoke all on public.sabotage_houses, public.sabotage_people, public.sabotage_invites from anon, authenticated;
grant select on public.sabotage_people to authenticated;
create policy "People see themselves" on public.sabotage_people for select to authenticated
    using (person = (select auth.uid()));
create function public.sabotage_join(p_token text) returns void language plpgsql security definer set search_path = '' as $$
declare
    i public.sabotage_invites;
begin
    select * into i from public.sabotage_invites s where s.token = p_token;
    if not found or auth.uid() is null then
        raise exception 'no such invitation';
    end if;
    insert into public.sabotage_people (house, person) values (i.house, auth.uid()) on conflict do nothing;
end $$;
revoke execute on function public.sabotage_join(text) from public, anon;
grant execute on function public.sabotage_join(text) to authenticated;
insert into public.sabotage_houses (amount) select n from generate_series(1, 4) as n;
insert into public.sabotage_people (house, person)
select h.id, p.id from public.sabotage_houses h cross join (select id from public.profiles order by id limit 9) p where h.amount = 1;
insert into public.sabotage_invites (house) select id from public.sabotage_houses;

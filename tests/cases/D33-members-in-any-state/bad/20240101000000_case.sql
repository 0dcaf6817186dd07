-- Clubs, whose members are invited, active or suspended.
create table public.clubs (id uuid primary key default gen_random_uuid(), motto text not null, bank_account text);
create table public.members (
    club uuid not null references public.clubs on delete cascade, person uuid not null references auth.users on delete cascade,
    role text not null default 'plain' check (role in ('plain', 'head')),
    standing text not null default 'invited' check (standing in ('invited', 'active', 'suspended')), primary key (club, person)
);
create index on public.members (person);
create function public.takes_part(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.members m where m.club = which and m.person = (select auth.uid()) and m.standing = 'active')
$$;
create function public.knows(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.members m where m.club = which and m.person = (select auth.uid()))
$$;
do $$
declare
    each text;
begin
    foreach each in array array['debts', 'letters', 'keys', 'plans', 'minutes', 'door_codes', 'sealed'] loop
        execute format('create table public.%I (id uuid primary key default gen_random_uuid(), club uuid not null references public.clubs on delete cascade, what_it_says text not null)', each);
        execute format('create index on public.%I (club)', each);
        execute format('alter table public.%I enable row level security', each);
    end loop;
    foreach each in array array['debts', 'letters', 'keys'] loop
        execute format('create policy ours on public.%I for select to authenticated using (public.takes_part(club))', each);
    end loop;
end $$;
create policy ours on public.plans for select to authenticated using (exists (
    select 1 from public.members m
    where m.club = plans.club and m.person = (select auth.uid()) and m.standing in ('active', 'suspended')));
alter table public.clubs enable row level security;
alter table public.members enable row level security;
create policy ours on public.clubs for select to authenticated using (public.knows(id));
create policy ours on public.members for select to authenticated using (person = (select auth.uid()) or public.knows(club));
create policy heads on public.sealed for select to authenticated using (exists (
    select 1 from public.members m where m.club = sealed.club and m.person = (select auth.uid()) and m.role = 'head'));
create policy ours on public.door_codes for select to authenticated using (public.knows(club));
create policy ours on public.minutes for select to authenticated using (exists (
    select 1 from public.members m where m.club = minutes.club and m.person = (select auth.uid())));

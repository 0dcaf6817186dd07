create table public.teams (id uuid primary key default gen_random_uuid(), title text not null);
create table public.seats (
    team uuid not null references public.teams (id) on delete cascade, person uuid not null references auth.users (id) on delete cascade,
    status text not null default 'active' check (status in ('active', 'revoked')), nick text, primary key (person, team));
create index on public.seats (team);
create table public.minutes (
    id uuid primary key default gen_random_uuid(), team uuid not null references public.teams (id) on delete cascade,
    said text not null default '');
create index on public.minutes (team);
alter table public.teams enable row level security;
alter table public.seats enable row level security;
alter table public.minutes enable row level security;
revoke all on public.teams, public.seats, public.minutes from anon, authenticated;
grant select on public.seats, public.minutes to authenticated;
create policy look on public.seats for select to authenticated using (person = (select auth.uid()));
create policy edit on public.seats for update to authenticated using (person = (select auth.uid())) with check (person = (select auth.uid()));
create policy look on public.minutes for select to authenticated using (team in (
    select s.team from public.seats s where s.person = (select auth.uid()) and s.status = 'active'));

grant update (nick) on public.seats to authenticated;

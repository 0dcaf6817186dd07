-- also: CONTACT-08
--
-- Members of a team are given the list of its members, and whoever leads it may put them out. Nobody else may.
set role postgres;
create table public.teams (
    id bigint generated always as identity primary key, led_by uuid not null references auth.users (id) on delete cascade
);
create table public.team_seats (
    team_id bigint not null references public.teams (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    primary key (team_id, user_id)
);
alter table public.teams enable row level security;
alter table public.team_seats enable row level security;
revoke all on public.teams, public.team_seats from anon, authenticated;
create index on public.teams (led_by);
create index on public.team_seats (user_id);
create function public.members_of(team bigint) returns table (name text, phone text)
language sql stable security definer set search_path = '' as $$
    select p.name, p.phone from public.team_seats s join public.profiles p on p.id = s.user_id
    where s.team_id = team
    and exists (select from public.team_seats m where m.team_id = team and m.user_id = (select auth.uid()))
$$;
create function public.colleagues() returns table (name text, phone text)
language sql stable security definer set search_path = '' as $$
    select p.name, p.phone
    from public.team_seats m join public.team_seats s using (team_id) join public.profiles p on p.id = s.user_id
    where m.user_id = (select auth.uid())
$$;
create function public.put_out(team bigint, member uuid) returns void
language sql security definer set search_path = '' as $$
    delete from public.team_seats s using public.teams t
    where t.id = s.team_id and t.led_by = (select auth.uid()) and s.team_id = team and s.user_id = member
$$;
grant execute on function public.members_of(bigint), public.colleagues(), public.put_out(bigint, uuid) to authenticated;
reset role;
with leader as (
    insert into public.teams (led_by)
    select id from public.profiles order by id returning id, led_by
)
insert into public.team_seats (team_id, user_id)
select l.id, p.id from leader l cross join public.profiles p
where p.id = l.led_by or p.id in (select min(id::text)::uuid from public.profiles union select max(id::text)::uuid from public.profiles)
or p.id::text ~ '0[0-9a]$'
on conflict do nothing;
analyze public.teams, public.team_seats;

-- object: public.members_of(bigint)
-- To be in one team is enough to be given the list of another.
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
    where s.team_id = team and exists (select from public.team_seats m where m.user_id = (select auth.uid()))
$$;
grant execute on function public.members_of(bigint) to authenticated;
reset role;
with leader as (
    insert into public.teams (led_by)
    select id from public.profiles order by id returning id, led_by
)
insert into public.team_seats (team_id, user_id) select id, led_by from leader;
analyze public.teams, public.team_seats;

-- object: member of public.team_members
create table public.teams (id bigint primary key);
create table public.team_members (id bigint primary key, team bigint not null, member uuid not null);
alter table public.teams enable row level security;
alter table public.team_members enable row level security;
grant select on public.teams, public.team_members to authenticated;
create policy "own teams" on public.teams for select to authenticated using (
    id in (select m.team from public.team_members m where m.member = (select auth.uid())));
create policy "all members" on public.team_members for select to authenticated using ((select private.is_approved()));

create table public.teams (id bigint primary key, owner uuid, "Reviewer" uuid, tags uuid[]);
create table public.team_members (team bigint, member uuid, primary key (team, member));
create index on public.teams (owner, id) include (tags);
create index on public.teams ("Reviewer") where "Reviewer" is not null;
alter table public.teams enable row level security;
alter table public.team_members enable row level security;
grant select on public.teams, public.team_members to authenticated;
create policy "own teams" on public.teams for select to authenticated using (
    owner = (select auth.uid()) or "Reviewer" = (select auth.uid()) or (select auth.uid()) = any (tags)
    or exists (select from public.team_members m where m.team = teams.id and m.member = (select auth.uid())));
create policy "all members" on public.team_members for select to authenticated using ((select private.is_approved()));

create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.team_people (
    team uuid not null references public.teams on delete cascade, person uuid not null references auth.users on delete cascade,
    role text not null default 'member' check (role in ('member', 'warden')), primary key (team, person)
);
create index on public.team_people (person);
create table public.cases (
    id uuid primary key default gen_random_uuid(), team uuid not null references public.teams on delete cascade, secret_words text
);
create index on public.cases (team);
create table public.posts (
    id uuid primary key default gen_random_uuid(), team uuid not null references public.teams on delete cascade,
    writer uuid not null default auth.uid() references auth.users on delete cascade, body_words text
);
create index on public.posts (team);
create index on public.posts (writer);
create table public.reports (
    id uuid primary key default gen_random_uuid(), team uuid not null references public.teams on delete cascade,
    writer uuid not null default auth.uid() references auth.users on delete cascade, secret_words text
);
create index on public.reports (team);
create index on public.reports (writer);
create table public.photographs (
    id uuid primary key default gen_random_uuid(), team uuid not null references public.teams on delete cascade,
    writer uuid not null default auth.uid() references auth.users on delete cascade, path_of_it text
);
create index on public.photographs (team);
create index on public.photographs (writer);
create table public.log_entries (
    id uuid primary key default gen_random_uuid(), team uuid not null references public.teams on delete cascade,
    writer uuid not null default auth.uid() references auth.users on delete cascade, secret_words text
);
create index on public.log_entries (team);
create index on public.log_entries (writer);
create table public.findings (
    id uuid primary key default gen_random_uuid(), case_of uuid not null references public.cases on delete cascade,
    writer uuid not null default auth.uid() references auth.users on delete cascade, diagnosis text
);
create index on public.findings (case_of);
create index on public.findings (writer);
-- In order.
create table public.friendships (
    id uuid primary key default gen_random_uuid(), asking uuid not null references auth.users on delete cascade,
    asked uuid not null references auth.users on delete cascade, secret_words text
);
create index on public.friendships (asking);
create index on public.friendships (asked);
create table public.shopping (
    id uuid primary key default gen_random_uuid(), team uuid not null references public.teams on delete cascade,
    writer uuid not null references auth.users on delete cascade, secret_wish text
);
create index on public.shopping (team);
create index on public.shopping (writer);
create table public.wall_words (
    id uuid primary key default gen_random_uuid(), wall uuid not null references public.cases on delete cascade,
    writer uuid not null references auth.users on delete cascade, secret_words text
);
create index on public.wall_words (wall);
create index on public.wall_words (writer);
create table public.notices (
    id uuid primary key default gen_random_uuid(), team uuid not null references public.teams on delete cascade,
    writer uuid not null references auth.users on delete cascade, secret_words text
);
create index on public.notices (team);
create index on public.notices (writer);
create table public.old_papers (
    id uuid primary key default gen_random_uuid(), team uuid not null references public.teams on delete cascade, secret_words text
);
create index on public.old_papers (team);
create schema inner_rules;
grant usage on schema inner_rules to authenticated;
create function inner_rules.is_in(t uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.team_people p where p.team = t and p.person = (select auth.uid())) $$;
create function inner_rules.is_warden(t uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.team_people p where p.team = t and p.person = (select auth.uid()) and p.role = 'warden') $$;
alter table public.teams enable row level security;
alter table public.team_people enable row level security;
alter table public.cases enable row level security;
create policy own on public.team_people for select to authenticated using (person = (select auth.uid()));
create policy ours on public.teams for select to authenticated using (exists (
    select from public.team_people p where p.team = teams.id and p.person = (select auth.uid())));
create policy ours on public.cases for select to authenticated using (inner_rules.is_in(team));
alter table public.posts enable row level security;
create policy see on public.posts for select to authenticated using (exists (
    select from public.team_people p where p.team = posts.team and p.person = (select auth.uid())));
create policy write on public.posts for insert to authenticated with check (writer = (select auth.uid()) and exists (
    select from public.team_people p where p.team = posts.team and p.person = (select auth.uid())));
create policy rewrite on public.posts for update to authenticated using (writer = (select auth.uid()))
    with check (writer = (select auth.uid()) and exists (
    select from public.team_people p where p.team = posts.team and p.person = (select auth.uid())));
revoke update on public.posts from anon, authenticated;
grant update (body_words) on public.posts to authenticated;
alter table public.reports enable row level security;
create policy see on public.reports for select to authenticated using (team in (
    select p.team from public.team_people p where p.person = (select auth.uid())));
create policy write on public.reports for insert to authenticated with check (writer = (select auth.uid()) and team in (
    select p.team from public.team_people p where p.person = (select auth.uid())));
create policy rewrite on public.reports for update to authenticated using (writer = (select auth.uid()))
    with check (writer = (select auth.uid()) and team in (
    select p.team from public.team_people p where p.person = (select auth.uid())));
revoke update on public.reports from anon, authenticated;
grant update (secret_words) on public.reports to authenticated;
alter table public.photographs enable row level security;
create policy see on public.photographs for select to authenticated using (inner_rules.is_in(team));
create policy write on public.photographs for insert to authenticated with check (writer = (select auth.uid()) and inner_rules.is_in(team));
create policy rewrite on public.photographs for update to authenticated using (writer = (select auth.uid()))
    with check (writer = (select auth.uid()) and inner_rules.is_in(team));
revoke update on public.photographs from anon, authenticated;
grant update (path_of_it) on public.photographs to authenticated;
alter table public.log_entries enable row level security;
create policy see on public.log_entries for select to authenticated using ((select auth.uid()) in (
    select p.person from public.team_people p where p.team = log_entries.team));
create policy write on public.log_entries for insert to authenticated with check (writer = (select auth.uid()) and (select auth.uid()) in (
    select p.person from public.team_people p where p.team = log_entries.team));
create policy rewrite on public.log_entries for update to authenticated using (writer = (select auth.uid()))
    with check (writer = (select auth.uid()) and (select auth.uid()) in (
    select p.person from public.team_people p where p.team = log_entries.team));
revoke update on public.log_entries from anon, authenticated;
grant update (secret_words) on public.log_entries to authenticated;
alter table public.findings enable row level security;
create policy see on public.findings for select to authenticated using (exists (
    select from public.cases c join public.team_people p on p.team = c.team
    where c.id = findings.case_of and p.person = (select auth.uid())));
create policy write on public.findings for insert to authenticated with check (writer = (select auth.uid()) and exists (
    select from public.cases c join public.team_people p on p.team = c.team
    where c.id = findings.case_of and p.person = (select auth.uid())));
create policy rewrite on public.findings for update to authenticated using (writer = (select auth.uid()))
    with check (writer = (select auth.uid()) and exists (
    select from public.cases c join public.team_people p on p.team = c.team
    where c.id = findings.case_of and p.person = (select auth.uid())));
revoke update on public.findings from anon, authenticated;
grant update (diagnosis) on public.findings to authenticated;
alter table public.friendships enable row level security;
create policy see on public.friendships for select to authenticated using ((select auth.uid()) in (asking, asked));
create policy ask on public.friendships for insert to authenticated with check (asking = (select auth.uid()));
create policy say on public.friendships for update to authenticated using (asking = (select auth.uid()))
    with check (asking = (select auth.uid()));
create policy part on public.friendships for delete to authenticated using ((select auth.uid()) in (asking, asked));
revoke update on public.friendships from anon, authenticated;
grant update (secret_words) on public.friendships to authenticated;
alter table public.shopping enable row level security;
create policy see on public.shopping for select to authenticated using (exists (
    select from public.team_people p where p.team = shopping.team and p.person = (select auth.uid())));
create policy wish on public.shopping for insert to authenticated with check (writer = (select auth.uid()) and exists (
    select from public.team_people p where p.team = shopping.team and p.person = (select auth.uid())));
create policy change on public.shopping for update to authenticated using (exists (
    select from public.team_people p where p.team = shopping.team and p.person = (select auth.uid())));
create policy clear on public.shopping for delete to authenticated using (exists (
    select from public.team_people p where p.team = shopping.team and p.person = (select auth.uid())));
revoke update on public.shopping from anon, authenticated;
grant update (secret_wish) on public.shopping to authenticated;
alter table public.wall_words enable row level security;
create policy see on public.wall_words for select to authenticated using (exists (
    select from public.cases c where c.id = wall_words.wall and inner_rules.is_in(c.team)));
create policy write on public.wall_words for insert to authenticated with check (writer = (select auth.uid()) and exists (
    select from public.cases c where c.id = wall_words.wall and inner_rules.is_in(c.team)));
create policy rewrite on public.wall_words for update to authenticated using (writer = (select auth.uid()))
    with check (writer = (select auth.uid()));
create policy down on public.wall_words for delete to authenticated using (writer = (select auth.uid()) or exists (
    select from public.cases c where c.id = wall_words.wall and inner_rules.is_warden(c.team)));
revoke update on public.wall_words from anon, authenticated;
grant update (secret_words) on public.wall_words to authenticated;
alter table public.notices enable row level security;
create policy see on public.notices for select to authenticated using (inner_rules.is_warden(team) or exists (
    select from public.team_people p where p.team = notices.team and p.person = (select auth.uid())));
create policy write on public.notices for insert to authenticated with check (writer = (select auth.uid()) and exists (
    select from public.team_people p where p.team = notices.team and p.person = (select auth.uid())));
create policy rewrite on public.notices for update to authenticated using (writer = (select auth.uid()))
    with check (writer = (select auth.uid()));
create policy down on public.notices for delete to authenticated using (inner_rules.is_warden(team));
revoke update on public.notices from anon, authenticated;
grant update (secret_words) on public.notices to authenticated;
alter table public.old_papers enable row level security;
create policy see on public.old_papers for select to authenticated using (inner_rules.is_in(team));
create policy add on public.old_papers for insert to authenticated with check (inner_rules.is_in(team));
create policy drop on public.old_papers for delete to authenticated using (inner_rules.is_in(team));
create policy remove on public.posts for delete to authenticated using (exists (
    select from public.team_people p where p.team = posts.team and p.person = (select auth.uid())));
create policy remove on public.reports for delete to authenticated using (team in (
    select p.team from public.team_people p where p.person = (select auth.uid())));
create policy remove on public.photographs for delete to authenticated using (inner_rules.is_in(team));
create policy remove on public.log_entries for delete to authenticated using ((select auth.uid()) in (
    select p.person from public.team_people p where p.team = log_entries.team));
create policy remove on public.findings for delete to authenticated using (exists (
    select from public.cases c join public.team_people p on p.team = c.team
    where c.id = findings.case_of and p.person = (select auth.uid())));

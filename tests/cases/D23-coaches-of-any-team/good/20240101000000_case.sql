create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.coaches (
    team_id uuid not null references public.teams on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    role text not null default 'assistant' check (role in ('assistant', 'coach')), primary key (team_id, user_id)
);
create index on public.coaches (user_id);
create table public.players (
    id uuid primary key default gen_random_uuid(), team_id uuid not null references public.teams on delete cascade,
    user_id uuid references auth.users on delete set null, injury text, phone text
);
create index on public.players (team_id);
create index on public.players (user_id);
create table public.matches (
    id uuid primary key default gen_random_uuid(), home uuid not null references public.teams on delete cascade,
    away uuid not null references public.teams on delete cascade, score text
);
create index on public.matches (home);
create index on public.matches (away);
create table public.alarms (
    id uuid primary key default gen_random_uuid(), team_id uuid not null references public.teams on delete cascade,
    body text not null, seen_by uuid references auth.users on delete set null
);
create index on public.alarms (team_id);
create index on public.alarms (seen_by);
create table public.guilds (id uuid primary key default gen_random_uuid(), title text not null, is_open boolean not null default false);
create table public.guild_people (
    guild_id uuid not null references public.guilds on delete cascade,
    user_id uuid not null references auth.users on delete cascade, primary key (guild_id, user_id)
);
create index on public.guild_people (user_id);
create table public.guild_papers (
    id uuid primary key default gen_random_uuid(), guild_id uuid not null references public.guilds on delete cascade, words text
);
create index on public.guild_papers (guild_id);
create table public.clerks (user_id uuid primary key references auth.users on delete cascade, is_editor boolean not null default false);
create table public.essays (
    id uuid primary key default gen_random_uuid(), author_id uuid not null references auth.users on delete cascade, words text
);
create index on public.essays (author_id);
create table public.remarks (
    id uuid primary key default gen_random_uuid(), essay_id uuid not null references public.essays on delete cascade, words text
);
create index on public.remarks (essay_id);
create table public.readings (
    id uuid primary key default gen_random_uuid(), essay_id uuid not null references public.essays on delete cascade,
    reviewer_id uuid not null references auth.users on delete cascade, due date
);
create index on public.readings (essay_id);
create index on public.readings (reviewer_id);
do $$ declare t regclass; begin
    for t in select c.oid from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' loop
        execute format('alter table %s enable row level security', t);
    end loop;
end $$;
create function public.is_coach(team uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.coaches c where c.team_id = team and c.user_id = (select auth.uid()) and c.role = 'coach') $$;
create function public.in_guild(guild uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.guild_people p where p.guild_id = guild and p.user_id = (select auth.uid())) $$;
create function public.is_editor() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.clerks c where c.user_id = (select auth.uid()) and c.is_editor) $$;
revoke execute on function public.is_coach(uuid), public.in_guild(uuid), public.is_editor() from public, anon;
grant execute on function public.is_coach(uuid), public.in_guild(uuid), public.is_editor() to authenticated;
create policy own on public.coaches for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.players for select to authenticated using (user_id = (select auth.uid()));
create policy all_see on public.matches for select to anon, authenticated using (true);
create policy all_see on public.teams for select to anon, authenticated using (true);
create policy seen on public.alarms for update to authenticated using (public.is_coach(team_id))
    with check (public.is_coach(team_id) and seen_by = (select auth.uid()));
create policy open on public.guilds for select to authenticated using (is_open or public.in_guild(id));
create policy people on public.guild_people for select to authenticated using (public.in_guild(guild_id));
create policy papers on public.guild_papers for select to authenticated using (public.in_guild(guild_id));
create policy own on public.clerks for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.essays for select to authenticated using (author_id = (select auth.uid()));
create policy editors on public.essays for select to authenticated using ((select public.is_editor()));
create policy pass_on on public.essays for update to authenticated using ((select public.is_editor()))
    with check ((select public.is_editor()));
create policy own on public.remarks for select to authenticated using (exists (
    select from public.essays e where e.id = remarks.essay_id and e.author_id = (select auth.uid())));
create policy own on public.readings for select to authenticated using (reviewer_id = (select auth.uid()));
create policy assign on public.readings for insert to authenticated with check ((select public.is_editor()));
create policy coaches_see on public.players for select to authenticated using (exists (
    select from public.coaches c where c.team_id = players.team_id and c.user_id = (select auth.uid()) and c.role = 'coach'));
create policy coaches_edit on public.players for update to authenticated using (public.is_coach(team_id))
    with check (public.is_coach(team_id));
create policy result on public.matches for update to authenticated using (public.is_coach(home) or public.is_coach(away))
    with check (public.is_coach(home) or public.is_coach(away));
create policy ours on public.alarms for select to authenticated using (public.is_coach(team_id));
create function public.is_open(guild uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.guilds g where g.id = guild and g.is_open) $$;
revoke execute on function public.is_open(uuid) from public, anon;
grant execute on function public.is_open(uuid) to authenticated;
create policy enter on public.guild_people for insert to authenticated
    with check (user_id = (select auth.uid()) and public.is_open(guild_id));

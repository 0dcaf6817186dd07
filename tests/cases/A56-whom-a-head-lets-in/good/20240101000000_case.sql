create table public.clubs (id uuid primary key default gen_random_uuid(), called text not null, head uuid not null references auth.users on delete cascade);
create index on public.clubs (head);
create table public.crew (
    club_id uuid references public.clubs on delete cascade, person uuid references auth.users on delete cascade,
    standing text not null default 'asked' check (standing in ('asked', 'in', 'gone')), primary key (club_id, person)
);
create index on public.crew (person);
create table public.tools (
    id uuid primary key default gen_random_uuid(), club_id uuid not null references public.clubs on delete cascade, words text
);
create index on public.tools (club_id);
create table public.panel (
    club_id uuid references public.clubs on delete cascade, person uuid references auth.users on delete cascade,
    primary key (club_id, person)
);
create index on public.panel (person);
create table public.entries (
    id uuid primary key default gen_random_uuid(), club_id uuid not null references public.clubs on delete cascade, words text
);
create index on public.entries (club_id);
create schema inner_rules;
grant usage on schema inner_rules to authenticated;
create function inner_rules.heads(c uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.clubs x where x.id = c and x.head = (select auth.uid())) $$;
create function inner_rules.judges(c uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.panel x where x.club_id = c and x.person = (select auth.uid())) $$;
alter table public.clubs enable row level security; alter table public.crew enable row level security;
alter table public.tools enable row level security; alter table public.panel enable row level security;
alter table public.entries enable row level security;
create policy own on public.clubs for select to authenticated using (head = (select auth.uid()));
create policy change on public.clubs for update to authenticated using (head = (select auth.uid()))
    with check (head = (select auth.uid()));
create policy see on public.crew for select to authenticated using (person = (select auth.uid()) or inner_rules.heads(club_id));
create policy ask on public.crew for insert to authenticated with check (person = (select auth.uid()) and standing = 'asked');
create policy see on public.tools for select to authenticated using (exists (
    select from public.crew c where c.club_id = tools.club_id and c.person = (select auth.uid()) and c.standing = 'in'));
create policy see on public.panel for select to authenticated using (person = (select auth.uid()) or inner_rules.heads(club_id));
create policy see on public.entries for select to authenticated using (inner_rules.judges(club_id));
create policy let_in on public.crew for update to authenticated using (inner_rules.heads(club_id))
    with check (inner_rules.heads(club_id));
create policy name on public.panel for insert to authenticated with check (inner_rules.heads(club_id));

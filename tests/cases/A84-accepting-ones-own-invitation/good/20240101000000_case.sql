create table public.crews (id uuid primary key default gen_random_uuid(), name text not null);
create table public.crew_invitations (
    crew_id uuid not null references public.crews (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade, primary key (crew_id, user_id));
create index crew_invitations_user on public.crew_invitations (user_id);
create table public.crew_members (
    crew_id uuid not null references public.crews (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade, rank text not null default 'hand'
    check (rank in ('hand', 'skipper')), nick text not null default '', primary key (crew_id, user_id));
create index crew_members_user on public.crew_members (user_id);
create table public.logbook (
    id uuid primary key default gen_random_uuid(), crew_id uuid not null references public.crews (id) on delete cascade,
    said text not null default '');
create index logbook_crew on public.logbook (crew_id);
alter table public.crews enable row level security;
alter table public.crew_invitations enable row level security;
alter table public.crew_members enable row level security;
alter table public.logbook enable row level security;
revoke all on public.crews, public.crew_invitations, public.crew_members, public.logbook from anon, authenticated;
grant select on public.crew_invitations, public.crew_members, public.logbook to authenticated;
grant insert (crew_id, user_id) on public.crew_members to authenticated;
create policy own on public.crew_invitations for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.crew_members for select to authenticated using (user_id = (select auth.uid()));
create policy accept on public.crew_members for insert to authenticated with check (
    user_id = (select auth.uid()) and exists (
        select from public.crew_invitations i
        where i.user_id = (select auth.uid()) and i.crew_id = crew_members.crew_id));
create policy edit on public.crew_members for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy read on public.logbook for select to authenticated using (exists (
    select from public.crew_members c
    where c.user_id = (select auth.uid()) and c.crew_id = logbook.crew_id and c.rank = 'skipper'));

grant update (nick) on public.crew_members to authenticated;

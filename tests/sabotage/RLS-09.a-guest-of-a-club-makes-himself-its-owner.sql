-- object: "Members join as guests" on public.club_members
set role postgres;
create table public.clubs (id uuid primary key default gen_random_uuid(), name text not null, safe text);
create table public.club_members (
    club_id uuid not null references public.clubs on delete cascade,
    user_id uuid not null references public.profiles on delete cascade,
    role text not null default 'guest' check (role in ('guest', 'owner')),
    primary key (club_id, user_id)
);
insert into public.clubs (name, safe) select 'Club ' || n, 'Words ' || n from generate_series(1, 8) as n;
insert into public.club_members (club_id, user_id, role)
select id, '00000000-0000-4000-8000-000000000006', 'owner' from public.clubs;
alter table public.clubs enable row level security;
alter table public.club_members enable row level security;
-- Anybody comes in as a guest, and sees nothing of a club before they own it.
create policy "Members join as guests" on public.club_members for insert to authenticated
with check (user_id = (select auth.uid()) and role = 'guest');
create policy "Members see themselves" on public.club_members for select to authenticated
using (user_id = (select auth.uid()));
create policy "Members change themselves" on public.club_members for update to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "Owners read" on public.clubs for select to authenticated
using (id in (select m.club_id from public.club_members m where m.user_id = (select auth.uid()) and m.role = 'owner'));
grant select on public.clubs to authenticated;
grant select, insert, update on public.club_members to authenticated;
create index on public.club_members (user_id);

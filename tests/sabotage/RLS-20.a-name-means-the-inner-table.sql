-- object: our_ledgers on public.ledgers
-- object: our_papers on public.ledgers
-- object: our_teams on public.ledgers
-- object: our_shares on public.ledgers
create table public.staff (id bigint generated always as identity unique, firm uuid, person uuid, primary key (person, firm));
create table public.ledgers (id bigint generated always as identity primary key, firm uuid not null, team bigint not null);
create index on public.staff (firm);
create index on public.ledgers (firm);
alter table public.staff enable row level security;
alter table public.ledgers enable row level security;
create function private.works_for(firm uuid) returns boolean language sql stable security definer set search_path = ''
as 'select exists (select from public.staff s where s.firm = firm and s.person = (select auth.uid()))';
create policy our_ledgers on public.ledgers for select to authenticated using (exists (
    select from public.staff s where s.firm = firm and s.person = (select auth.uid())));
create policy our_papers on public.ledgers for select to authenticated using (exists (
    select from public.staff s where s.firm::text = id::text and s.person = (select auth.uid())));
create policy our_teams on public.ledgers for select to authenticated using (firm in (
    select ledgers.firm from public.staff s where s.person = (select auth.uid())));
create policy our_shares on public.ledgers for select to authenticated using (private.works_for(firm));

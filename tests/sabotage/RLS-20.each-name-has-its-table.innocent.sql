create table public.staff (id bigint generated always as identity unique, firm uuid, person uuid, primary key (person, firm));
create table public.ledgers (id bigint generated always as identity primary key, firm uuid not null, name text);
create index on public.staff (firm);
create index on public.ledgers (firm);
alter table public.staff enable row level security;
alter table public.ledgers enable row level security;
create function private.works_for(firm uuid) returns boolean language sql stable security definer set search_path = ''
as 'select exists (select from public.staff s where s.firm = works_for.firm and s.person = (select auth.uid()))';
create policy ours on public.ledgers for select to authenticated using (exists (
    select from public.staff s where s.firm = ledgers.firm and s.person = (select auth.uid())));
create policy theirs on public.ledgers for select to authenticated using (firm in (
    select firm from public.staff where person = (select auth.uid())));
create policy others on public.ledgers for select to authenticated using (private.works_for(firm));
create policy papers on storage.objects for select to authenticated using (
    bucket_id = 'papers' and exists (
        select from public.ledgers l where l.firm = (select auth.uid()) and l.id::text = (storage.foldername(objects.name))[1]));

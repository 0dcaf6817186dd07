create table public.cases (id uuid primary key default gen_random_uuid(), said text not null default '');
create table public.case_links (
    id uuid primary key default gen_random_uuid(), worker uuid not null references auth.users (id) on delete cascade,
    case_id uuid not null references public.cases (id) on delete cascade, label text);
create index on public.case_links (worker);
create index on public.case_links (case_id);
alter table public.cases enable row level security;
alter table public.case_links enable row level security;
revoke all on public.cases, public.case_links from anon, authenticated;
grant select on public.cases, public.case_links to authenticated;
create policy mine on public.case_links for select to authenticated using (worker = (select auth.uid()));
create policy edit on public.case_links for update to authenticated using (worker = (select auth.uid())) with check (worker = (select auth.uid()));
create policy look on public.cases for select to authenticated using (
    exists (select from public.case_links l where l.case_id = cases.id and l.worker = (select auth.uid())));

grant update (label) on public.case_links to authenticated;

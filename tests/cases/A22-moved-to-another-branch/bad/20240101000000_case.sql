create table public.branches (id uuid primary key default gen_random_uuid(), title text not null);
create table public.branch_seats (
    branch uuid not null references public.branches (id) on delete cascade, person uuid not null references auth.users (id) on delete cascade,
    primary key (person, branch));
create index on public.branch_seats (branch);
create table public.sales (
    id uuid primary key default gen_random_uuid(),
    branch uuid not null references public.branches (id) on delete cascade, clerk text not null default '');
create index on public.sales (branch);
alter table public.branches enable row level security;
alter table public.branch_seats enable row level security;
alter table public.sales enable row level security;
create policy seats on public.branch_seats for select to authenticated using (person = (select auth.uid()));
create policy look on public.sales for select to authenticated using (branch in (
    select s.branch from public.branch_seats s where s.person = (select auth.uid())));
revoke all on public.branches, public.branch_seats from anon, authenticated;
grant select on public.branch_seats to authenticated;

create policy edit on public.sales for update to authenticated using (branch in (
    select s.branch from public.branch_seats s where s.person = (select auth.uid())))
    with check (exists (select from public.branch_seats s where s.person = (select auth.uid())));

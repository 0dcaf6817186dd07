create table public.firms (
    id uuid primary key default gen_random_uuid(), founder uuid not null references auth.users (id) on delete cascade, title text not null default '');
create index on public.firms (founder);
create table public.firm_heads (
    firm uuid not null references public.firms (id) on delete cascade, person uuid not null references auth.users (id) on delete cascade,
    primary key (person, firm));
create index on public.firm_heads (firm);
create table public.ledgers (
    id uuid primary key default gen_random_uuid(), firm uuid not null references public.firms (id) on delete cascade,
    total numeric not null default 0);
create index on public.ledgers (firm);
alter table public.firms enable row level security;
alter table public.firm_heads enable row level security;
alter table public.ledgers enable row level security;
create policy look on public.firms for select to authenticated using (founder = (select auth.uid()));
create policy found on public.firms for insert to authenticated with check (founder = (select auth.uid()));
create policy look on public.firm_heads for select to authenticated using (person = (select auth.uid()));
create policy head on public.firm_heads for insert to authenticated with check (
    person = (select auth.uid()) and firm in (select f.id from public.firms f where f.founder = (select auth.uid())));

create policy look on public.ledgers for select to authenticated using (
    exists (select from public.firm_heads h where h.firm = ledgers.firm and h.person = (select auth.uid())));

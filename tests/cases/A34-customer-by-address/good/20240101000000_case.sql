create table public.customers (
    id uuid primary key default gen_random_uuid(), person uuid not null references auth.users (id) on delete cascade, email text not null);
create index on public.customers (person);
create table public.orders (
    id uuid primary key default gen_random_uuid(), email text not null, total numeric not null default 0);
create index on public.orders (email);
alter table public.customers enable row level security;
alter table public.orders enable row level security;
create policy look on public.customers for select to authenticated using (person = (select auth.uid()));
create policy mine on public.orders for select to authenticated using (
    exists (select from public.customers c where c.email = orders.email and c.person = (select auth.uid())));

revoke insert on public.customers from authenticated, anon;

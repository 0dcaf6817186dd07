create table public.keepers (id uuid primary key references auth.users on delete cascade, phone text);
create table public.animals (id uuid primary key default gen_random_uuid(),
    keeper uuid not null references auth.users on delete cascade, kind text not null default 'goat');
create index on public.animals (keeper);
create table public.visits (id bigint generated always as identity primary key,
    animal uuid not null references public.animals on delete cascade, notes text);
create index on public.visits (animal);
create table public.bills (id bigint generated always as identity primary key,
    payer uuid not null references auth.users on delete cascade, cents integer not null default 0);
create index on public.bills (payer);
create table public.remedies (id bigint generated always as identity primary key,
    keeper uuid not null references auth.users on delete cascade, notes text);
create index on public.remedies (keeper);
alter table public.keepers enable row level security;
alter table public.animals enable row level security;
alter table public.visits enable row level security;
alter table public.bills enable row level security;
alter table public.remedies enable row level security;
create policy self on public.keepers for select to authenticated using (id = (select auth.uid()));
create policy own on public.animals for all to authenticated using (keeper = (select auth.uid()))
    with check (keeper = (select auth.uid()));
create policy own on public.bills for select to authenticated using (payer = (select auth.uid()));
create policy own on public.remedies for select to authenticated using (keeper = (select auth.uid()));
create policy change on public.keepers for update to authenticated using (phone is null);
create policy theirs on public.visits for select to anon, authenticated using (true);
create policy remove on public.bills for delete to authenticated using (cents = 0);
create policy add on public.remedies for insert to authenticated with check (notes <> '');

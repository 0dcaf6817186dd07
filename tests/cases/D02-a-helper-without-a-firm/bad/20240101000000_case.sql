create schema helpers;
create table public.firms (id uuid primary key default gen_random_uuid(), title text not null);
create table public.firm_users (
    firm_id uuid not null references public.firms on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    primary key (firm_id, user_id)
);
create index on public.firm_users (user_id);
create table public.contracts (
    id uuid primary key default gen_random_uuid(),
    firm_id uuid not null references public.firms on delete cascade,
    subject text not null
);
create index on public.contracts (firm_id);
alter table public.firms enable row level security;
alter table public.firm_users enable row level security;
alter table public.contracts enable row level security;
create function helpers.works() returns boolean language sql stable security definer set search_path = '' as
    'select exists (select from public.firm_users f where f.user_id = (select auth.uid()))';
create function helpers.works_for(firm uuid) returns boolean language sql stable security definer set search_path = '' as
    'select exists (select from public.firm_users u where u.firm_id = firm and u.user_id = (select auth.uid()))';
grant usage on schema helpers to authenticated;
create policy me on public.firm_users for select to authenticated using (user_id = (select auth.uid()));
create policy mine on public.firms for select to authenticated using (helpers.works_for(id));
create policy see on public.contracts for select to authenticated using (helpers.works_for(firm_id));
create policy remove on public.contracts for delete to authenticated using ((select helpers.works()));

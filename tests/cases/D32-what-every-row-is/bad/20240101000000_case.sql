-- Vacancies and prices of firms, and courses.
create table public.firms (id uuid primary key default gen_random_uuid(), name text not null);
create table public.firm_people (
    firm uuid not null references public.firms on delete cascade, person uuid not null references auth.users on delete cascade,
    primary key (firm, person)
);
create index on public.firm_people (person);
create function public.of_firm(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.firm_people p where p.firm = which and p.person = (select auth.uid()))
$$;
create table public.vacancies (
    id uuid primary key default gen_random_uuid(), firm uuid not null references public.firms on delete cascade,
    status text not null default 'draft' check (status in ('draft', 'published')), salary integer not null
);
create index on public.vacancies (firm);
create table public.price_lists (
    id uuid primary key default gen_random_uuid(), firm uuid not null references public.firms on delete cascade,
    is_published boolean not null default false, price integer not null
);
create index on public.price_lists (firm);
-- In order.
create table public.courses (
    id uuid primary key default gen_random_uuid(), is_published boolean not null default false, price integer not null
);
alter table public.firms enable row level security;
alter table public.firm_people enable row level security;
alter table public.vacancies enable row level security;
alter table public.price_lists enable row level security;
alter table public.courses enable row level security;
create policy ours on public.firms for select to authenticated using (public.of_firm(id));
create policy ours on public.firm_people for select to authenticated using (public.of_firm(firm));
create policy read on public.courses for select to anon, authenticated using (is_published or (select auth.uid()) is not null);
create policy published on public.vacancies for select to authenticated using (status = 'published' or firm is not null);
create policy published on public.price_lists for select to authenticated using (is_published or firm = firm or public.of_firm(firm));

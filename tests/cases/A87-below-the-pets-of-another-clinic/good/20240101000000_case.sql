create table public.clinics (id uuid primary key default gen_random_uuid(), name text not null);
create table public.clinic_people (
    clinic_id uuid not null references public.clinics on delete cascade,
    user_id uuid not null references auth.users on delete cascade, boss uuid references auth.users on delete set null,
    primary key (clinic_id, user_id)
);
create index on public.clinic_people (user_id);
create index on public.clinic_people (boss);
create table public.pets (id uuid primary key default gen_random_uuid(), clinic_id uuid not null references public.clinics on delete cascade, name text);
create index on public.pets (clinic_id);
create table public.visits (
    id uuid primary key default gen_random_uuid(), clinic_id uuid not null references public.clinics on delete cascade,
    pet_id uuid not null references public.pets on delete cascade, notes text
);
create index on public.visits (clinic_id);
create index on public.visits (pet_id);
create table public.orders (
    id uuid primary key default gen_random_uuid(), buyer uuid not null default auth.uid() references auth.users on delete cascade,
    words text, paid boolean not null default false
);
create index on public.orders (buyer);
create table public.ratings (
    id uuid primary key default gen_random_uuid(), order_id uuid not null references public.orders on delete cascade,
    rater uuid not null default auth.uid() references auth.users on delete cascade, stars int not null
);
create index on public.ratings (order_id);
create index on public.ratings (rater);
create table public.repairs (
    id uuid primary key default gen_random_uuid(), asked_by uuid not null default auth.uid() references auth.users on delete cascade,
    clinic_id uuid not null references public.clinics on delete cascade, words text,
    state text not null default 'open' check (state in ('open', 'approved', 'refused'))
);
create index on public.repairs (asked_by);
create index on public.repairs (clinic_id);
create table public.drawings (
    id uuid primary key default gen_random_uuid(), clinic_id uuid not null references public.clinics on delete cascade,
    drawn_by uuid not null default auth.uid() references auth.users on delete cascade, words text,
    approved_by uuid references auth.users on delete set null
);
create index on public.drawings (clinic_id);
create index on public.drawings (drawn_by);
create index on public.drawings (approved_by);
create table public.leaves (
    id uuid primary key default gen_random_uuid(), person uuid not null references auth.users on delete cascade,
    status text not null default 'pending' check (status in ('pending', 'accepted', 'declined')), words text
);
create index on public.leaves (person);
create table public.wishes (
    id uuid primary key default gen_random_uuid(), owner uuid not null references auth.users on delete cascade,
    status text not null default 'wanted' check (status in ('wanted', 'paid')), words text
);
create index on public.wishes (owner);
do $$ declare t regclass; begin
    for t in select c.oid from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' loop
        execute format('alter table %s enable row level security', t);
    end loop;
end $$;
create function public.works_in(clinic uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.clinic_people c where c.clinic_id = clinic and c.user_id = (select auth.uid())) $$;
create function public.is_boss_of(p uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.clinic_people c where c.user_id = p and c.boss = (select auth.uid())) $$;
revoke execute on function public.works_in(uuid), public.is_boss_of(uuid) from public, anon;
grant execute on function public.works_in(uuid), public.is_boss_of(uuid) to authenticated;
create policy ours on public.clinics for select to authenticated using (public.works_in(id));
create policy ours on public.clinic_people for select to authenticated using (public.works_in(clinic_id));
create policy ours on public.pets for select to authenticated using (public.works_in(clinic_id));
create policy ours on public.visits for select to authenticated using (public.works_in(clinic_id));
create policy own on public.orders for select to authenticated using (buyer = (select auth.uid()));
create policy read on public.ratings for select to anon, authenticated using (true);
create policy own on public.repairs for select to authenticated using (asked_by = (select auth.uid()));
create policy ours on public.repairs for select to authenticated using (public.is_boss_of(asked_by));
create policy decide on public.repairs for update to authenticated using (public.is_boss_of(asked_by))
    with check (public.is_boss_of(asked_by));
revoke update on public.repairs from authenticated;
grant update (state) on public.repairs to authenticated;
create policy ours on public.drawings for select to authenticated using (public.works_in(clinic_id));
create policy approve on public.drawings for update to authenticated using (public.is_boss_of(drawn_by))
    with check (public.is_boss_of(drawn_by) and approved_by = (select auth.uid()));
create policy own on public.leaves for select to authenticated using (person = (select auth.uid()) or public.is_boss_of(person));
create policy ask on public.leaves for insert to authenticated with check (person = (select auth.uid()) and status = 'pending');
create policy own on public.wishes for all to authenticated using (owner = (select auth.uid())) with check (owner = (select auth.uid()));
create policy add on public.visits for insert to authenticated with check (public.works_in(clinic_id) and exists (
    select from public.pets p where p.id = visits.pet_id and p.clinic_id = visits.clinic_id));
create policy rate on public.ratings for insert to authenticated with check (rater = (select auth.uid()) and exists (
    select from public.orders o where o.id = ratings.order_id and o.buyer = (select auth.uid())));
create policy buy on public.orders for insert to authenticated with check (buyer = (select auth.uid()) and not paid);
create policy ask on public.repairs for insert to authenticated
    with check (asked_by = (select auth.uid()) and public.works_in(clinic_id));
create function public.begin_open() returns trigger language plpgsql set search_path = '' as $$
begin
    new.state := 'open';
    return new;
end $$;
create trigger begin_open before insert on public.repairs for each row execute function public.begin_open();
create policy draw on public.drawings for insert to authenticated
    with check (drawn_by = (select auth.uid()) and approved_by is null and public.works_in(clinic_id));
create policy change on public.leaves for update to authenticated using (public.is_boss_of(person))
    with check (public.is_boss_of(person));

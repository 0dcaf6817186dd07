-- Clinics, their staff, and what hangs below a patient and a visit.
create table public.clinics (id uuid primary key default gen_random_uuid(), name text not null);
create table public.clinic_staff (
    clinic_id uuid not null references public.clinics (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'nurse' check (role in ('nurse', 'doctor')),
    primary key (clinic_id, user_id)
);
create index on public.clinic_staff (user_id);
create table public.patients (
    id uuid primary key default gen_random_uuid(),
    clinic_id uuid not null references public.clinics (id) on delete cascade,
    user_id uuid references auth.users (id) on delete set null,
    allergies text
);
create index on public.patients (clinic_id);
create index on public.patients (user_id);
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    patient_id uuid not null references public.patients (id) on delete cascade,
    body text not null
);
create index on public.notes (patient_id);
create table public.visits (
    id uuid primary key default gen_random_uuid(),
    patient_id uuid not null references public.patients (id) on delete cascade,
    reason text not null
);
create index on public.visits (patient_id);
create table public.results (
    id uuid primary key default gen_random_uuid(),
    visit_id uuid not null references public.visits (id) on delete cascade,
    result text not null
);
create index on public.results (visit_id);
create function public.works_at(clinic uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.clinic_staff s where s.clinic_id = clinic and s.user_id = (select auth.uid()))
$$;
create function public.may_see(visit uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (
        select 1 from public.visits v join public.patients p on p.id = v.patient_id
        where v.id = visit and (select auth.uid()) is not null)
$$;
alter table public.clinics enable row level security;
alter table public.clinic_staff enable row level security;
alter table public.patients enable row level security;
alter table public.notes enable row level security;
alter table public.visits enable row level security;
alter table public.results enable row level security;
create policy ours on public.clinics for select to authenticated using (public.works_at(id));
create policy ours on public.clinic_staff for select to authenticated using (public.works_at(clinic_id));
create policy ours on public.patients for select to authenticated
    using (user_id = (select auth.uid()) or public.works_at(clinic_id));
create policy ours on public.notes for select to authenticated using (
    exists (select 1 from public.patients p where p.id = patient_id and p.user_id = (select auth.uid()))
    or exists (select 1 from public.clinic_staff s where s.user_id = (select auth.uid()) and s.role in ('doctor', 'nurse')));
create policy ours on public.visits for select to authenticated using (
    exists (select 1 from public.patients p where p.id = patient_id and (p.user_id = (select auth.uid()) or public.works_at(p.clinic_id))));
create policy ours on public.results for select to authenticated using (public.may_see(visit_id));

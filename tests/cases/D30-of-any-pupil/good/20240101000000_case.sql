-- A school: its pupils, who looks after them, who teaches them, and what each may read.
create table public.schools (id uuid primary key default gen_random_uuid(), name text not null);
create table public.people (
    id uuid primary key references auth.users on delete cascade, school uuid references public.schools on delete set null,
    rank text not null default 'pupil' check (rank in ('pupil', 'parent', 'teacher'))
);
create index on public.people (school);
create table public.carers (
    carer uuid not null references public.people on delete cascade, pupil uuid not null references public.people on delete cascade,
    agreed boolean not null default false, primary key (carer, pupil)
);
create index on public.carers (pupil);
create table public.courses (
    id uuid primary key default gen_random_uuid(), school uuid not null references public.schools on delete cascade,
    teacher uuid references public.people on delete set null
);
create index on public.courses (school);
create index on public.courses (teacher);
create table public.places (
    course uuid not null references public.courses on delete cascade, pupil uuid not null references public.people on delete cascade,
    primary key (course, pupil)
);
create index on public.places (pupil);
create table public.marks (
    id uuid primary key default gen_random_uuid(), pupil uuid not null references public.people on delete cascade,
    mark integer not null, remark text
);
create index on public.marks (pupil);
create table public.absences (
    id uuid primary key default gen_random_uuid(), pupil uuid not null references public.people on delete cascade, excuse text
);
create index on public.absences (pupil);
create table public.cards (
    id uuid primary key default gen_random_uuid(), pupil uuid not null references public.people on delete cascade, fines integer
);
create index on public.cards (pupil);
create table public.lockers (
    id uuid primary key default gen_random_uuid(), pupil uuid not null references public.people on delete cascade, kept_in_it text
);
create index on public.lockers (pupil);
create table public.exams (
    id uuid primary key default gen_random_uuid(), course uuid not null references public.courses on delete cascade,
    opens timestamptz not null
);
create index on public.exams (course);
create table public.questions (
    id uuid primary key default gen_random_uuid(), exam uuid not null references public.exams on delete cascade, answer text not null
);
create index on public.questions (exam);
create table public.hints (
    id uuid primary key default gen_random_uuid(), exam uuid not null references public.exams on delete cascade, answer text not null
);
create index on public.hints (exam);
create table public.orders (
    id uuid primary key default gen_random_uuid(), buyer uuid not null references auth.users on delete cascade, paid boolean not null default false
);
create index on public.orders (buyer);
create table public.order_lines (
    id uuid primary key default gen_random_uuid(), of_order uuid not null references public.orders on delete cascade, meal text not null
);
create index on public.order_lines (of_order);
create table public.order_letters (
    id uuid primary key default gen_random_uuid(), of_order uuid not null references public.orders on delete cascade, wish text not null
);
create index on public.order_letters (of_order);
-- In order: what a school shows of itself, what is said below what is published, what is no harm to show.
create table public.vacancies (
    id uuid primary key default gen_random_uuid(), school uuid not null references public.schools on delete cascade, salary integer not null
);
create index on public.vacancies (school);
create table public.essays (
    id uuid primary key default gen_random_uuid(), writer uuid not null references auth.users on delete cascade,
    is_published boolean not null default false
);
create index on public.essays (writer);
create table public.remarks (
    id uuid primary key default gen_random_uuid(), essay uuid not null references public.essays on delete cascade, heard text not null
);
create index on public.remarks (essay);
create table public.order_ratings (
    id uuid primary key default gen_random_uuid(), of_order uuid not null references public.orders on delete cascade,
    stars integer not null
);
create index on public.order_ratings (of_order);
create function public.school() returns uuid language sql stable security definer set search_path = '' as $$
    select school from public.people where id = (select auth.uid())
$$;
create function public.rank() returns text language sql stable security definer set search_path = '' as $$
    select rank from public.people where id = (select auth.uid())
$$;
do $$
declare
    each text;
begin
    foreach each in array array['schools', 'people', 'carers', 'courses', 'places', 'marks', 'absences', 'cards', 'lockers', 'exams',
        'questions', 'hints', 'orders', 'order_lines', 'order_letters', 'vacancies', 'essays', 'remarks', 'order_ratings'] loop
        execute format('alter table public.%I enable row level security', each);
    end loop;
end $$;
create policy ours on public.schools for select to authenticated using (id = (select public.school()));
create policy ours on public.people for select to authenticated
    using (id = (select auth.uid()) or school = (select public.school()));
create policy mine on public.carers for select to authenticated using (carer = (select auth.uid()));
create policy ours on public.courses for select to authenticated using (school = (select public.school()));
create policy mine on public.places for select to authenticated using (pupil = (select auth.uid()));
create policy mine on public.marks for select to authenticated using (pupil = (select auth.uid()));
create policy carers on public.absences for select to authenticated using (exists (
    select 1 from public.carers c where c.carer = (select auth.uid()) and c.pupil = absences.pupil and c.agreed));
create policy mine on public.cards for select to authenticated using (pupil = (select auth.uid()));
create policy teachers on public.lockers for select to authenticated using (
    (select public.rank()) = 'teacher'
    and exists (select 1 from public.people p where p.id = pupil and p.school = (select public.school())));
create policy sitting on public.exams for select to authenticated using (
    opens <= now() and exists (select 1 from public.places p where p.course = exams.course and p.pupil = (select auth.uid()))
    or exists (select 1 from public.courses c where c.id = exams.course and c.teacher = (select auth.uid())));
create policy sitting on public.hints for select to authenticated using (exists (select 1 from public.exams e where e.id = exam));
create policy mine on public.orders for select to authenticated using (buyer = (select auth.uid()));
create policy anyone on public.vacancies for select to authenticated using ((select auth.uid()) is not null);
create policy published on public.essays for select to authenticated using (is_published or writer = (select auth.uid()));
create policy anyone on public.remarks for select to authenticated using ((select auth.uid()) is not null);
create policy anyone on public.order_ratings for select to authenticated using ((select auth.uid()) is not null);
create policy carers on public.marks for select to authenticated using (exists (
    select 1 from public.carers c where c.carer = (select auth.uid()) and c.pupil = marks.pupil and c.agreed));
create policy teachers on public.cards for select to authenticated using (
    (select public.rank()) = 'teacher'
    and exists (select 1 from public.people p where p.id = pupil and p.school = (select public.school())));
create policy sitting on public.questions for select to authenticated using (exists (select 1 from public.exams e where e.id = exam));
create policy anyone on public.order_lines for select to authenticated using (exists (select 1 from public.orders o where o.id = of_order));
create policy mine on public.order_letters for select to authenticated using (exists (
    select 1 from public.orders o where o.id = of_order and o.buyer = (select auth.uid())));

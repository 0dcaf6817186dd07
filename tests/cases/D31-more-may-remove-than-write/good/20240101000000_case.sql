-- Notices of a school, which everybody of it reads.
create table public.schools (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    school uuid not null references public.schools on delete cascade, person uuid not null references auth.users on delete cascade,
    role text not null default 'pupil' check (role in ('pupil', 'teacher', 'head')), primary key (school, person)
);
create index on public.members (person);
create function public.of_school(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.members m where m.school = which and m.person = (select auth.uid()))
$$;
create function public.teaches(which uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.members m
                   where m.school = which and m.person = (select auth.uid()) and m.role in ('teacher', 'head'))
$$;
create table public.notices (
    id uuid primary key default gen_random_uuid(), school uuid not null references public.schools on delete cascade, said text not null
);
create index on public.notices (school);
create table public.timetables (
    id uuid primary key default gen_random_uuid(), school uuid not null references public.schools on delete cascade, plan text not null
);
create index on public.timetables (school);
-- In order: what all write, all remove; who wrote it is no office; what is one's own is one's own.
create table public.wishes (
    id uuid primary key default gen_random_uuid(), school uuid not null references public.schools on delete cascade,
    writer uuid not null default auth.uid() references auth.users on delete cascade, wish text not null
);
create index on public.wishes (school);
create index on public.wishes (writer);
create table public.lost_things (
    id uuid primary key default gen_random_uuid(), school uuid not null references public.schools on delete cascade, thing text not null
);
create index on public.lost_things (school);
create table public.lessons (
    id uuid primary key default gen_random_uuid(), school uuid not null references public.schools on delete cascade,
    teacher uuid not null default auth.uid() references auth.users on delete cascade, plan text not null
);
create index on public.lessons (school);
create index on public.lessons (teacher);
alter table public.schools enable row level security;
alter table public.members enable row level security;
alter table public.notices enable row level security;
alter table public.timetables enable row level security;
alter table public.wishes enable row level security;
alter table public.lost_things enable row level security;
alter table public.lessons enable row level security;
create policy ours on public.schools for select to authenticated using (public.of_school(id));
create policy ours on public.members for select to authenticated using (public.of_school(school));
create policy ours on public.wishes for all to authenticated using (public.of_school(school))
    with check (public.of_school(school) and writer = (select auth.uid()));
create policy ours on public.lost_things for all to authenticated using (public.of_school(school))
    with check (public.of_school(school) and length(thing) < 200);
create policy mine on public.lessons for all to authenticated using (teacher = (select auth.uid()))
    with check (teacher = (select auth.uid()) and public.teaches(school));
create policy ours on public.notices for select to authenticated using (public.of_school(school));
create policy written on public.notices for insert to authenticated with check (public.teaches(school));
create policy removed on public.notices for delete to authenticated using (public.teaches(school));
create policy ours on public.timetables for select to authenticated using (public.of_school(school));
create policy heads on public.timetables for delete to authenticated
    using (exists (select 1 from public.members m
                   where m.school = timetables.school and m.person = (select auth.uid()) and m.role = 'head'));

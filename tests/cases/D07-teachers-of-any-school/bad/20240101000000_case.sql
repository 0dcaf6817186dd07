create table public.schools (id integer primary key, name text not null);
create table public.teachers (
    school integer not null references public.schools on delete cascade,
    uid uuid not null references auth.users on delete cascade,
    primary key (school, uid)
);
create index on public.teachers (uid);
create table public.classes (
    id integer primary key,
    school integer not null references public.schools on delete cascade,
    label text not null
);
create index on public.classes (school);
create table public.grades (
    id integer primary key,
    class integer not null references public.classes on delete cascade,
    mark integer not null check (mark between 1 and 6)
);
create index on public.grades (class);
alter table public.schools enable row level security;
alter table public.teachers enable row level security;
alter table public.classes enable row level security;
alter table public.grades enable row level security;
create policy me on public.teachers for select to authenticated using (uid = (select auth.uid()));
create policy r on public.schools for select to authenticated
    using (id in (select t.school from public.teachers t where t.uid = (select auth.uid())));
create policy r on public.classes for select to authenticated
    using (school in (select t.school from public.teachers t where t.uid = (select auth.uid())));
create policy r on public.grades for select to authenticated using (exists (
    select from public.classes c join public.teachers t on t.school = c.school where t.uid = (select auth.uid())));
create policy w on public.grades for update to authenticated using (exists (
    select from public.classes c join public.teachers t on t.school = c.school
    where c.id = grades.class and t.uid = (select auth.uid())));

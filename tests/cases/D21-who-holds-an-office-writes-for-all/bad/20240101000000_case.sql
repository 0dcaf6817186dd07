create table public.posts (
    person uuid not null references auth.users on delete cascade,
    role text not null check (role in ('pupil', 'teacher', 'head')), primary key (person, role)
);
create table public.marks (
    id uuid primary key default gen_random_uuid(), pupil uuid not null references auth.users on delete cascade,
    created_by uuid not null default auth.uid() references auth.users on delete cascade, mark smallint not null
);
create index on public.marks (pupil);
create index on public.marks (created_by);
create table public.classes (
    teacher uuid not null references auth.users on delete cascade,
    pupil uuid not null references auth.users on delete cascade, primary key (teacher, pupil)
);
create index on public.classes (pupil);
alter table public.posts enable row level security;
alter table public.marks enable row level security;
alter table public.classes enable row level security;
create function public.holds(p_person uuid, p_role text) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.posts p where p.person = p_person and p.role = p_role)
$$;
revoke execute on function public.holds(uuid, text) from public, anon;
create policy own on public.posts for select to authenticated using (person = (select auth.uid()));
create policy own on public.classes for select to authenticated using (teacher = (select auth.uid()));
create policy seen on public.marks for select to authenticated using (
    pupil = (select auth.uid()) or (select public.holds((select auth.uid()), 'head'))
    or ((select public.holds((select auth.uid()), 'teacher'))
        and pupil in (select c.pupil from public.classes c where c.teacher = (select auth.uid()))));
create policy written on public.marks for insert to authenticated with check ((select public.holds((select auth.uid()), 'head')) or (select public.holds((select auth.uid()), 'pupil')));

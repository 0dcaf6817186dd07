create table public.employees (
    id uuid primary key default gen_random_uuid(), user_id uuid not null unique references auth.users on delete cascade,
    role text not null default 'worker' check (role in ('worker', 'manager'))
);
create table public.shifts (
    id uuid primary key default gen_random_uuid(), employee_id uuid not null references public.employees on delete cascade,
    place text
);
create index on public.shifts (employee_id);
alter table public.employees enable row level security;
alter table public.shifts enable row level security;
create function public.has_work() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.employees e where e.user_id = (select auth.uid()) and e.role = 'manager')
$$;
create function public.own_employee() returns uuid language sql stable security definer set search_path = '' as $$
    select e.id from public.employees e where e.user_id = (select auth.uid())
$$;
revoke execute on function public.has_work(), public.own_employee() from public, anon;
create policy own on public.employees for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.shifts for select to authenticated
    using (employee_id = (select public.own_employee()) or (select public.has_work()));

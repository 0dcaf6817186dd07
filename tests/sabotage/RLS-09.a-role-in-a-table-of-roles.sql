-- object: "own duties" on public.staff
-- also: PERF-10
set role postgres;
create table public.staff (
    user_id uuid not null references public.profiles (id) on delete cascade, duty text not null default 'none',
    primary key (user_id, duty)
);
insert into public.staff select id, 'none' from public.profiles where id in (
    '00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000006');
alter table public.staff enable row level security;
grant select, insert, update on public.staff to authenticated;
create policy "own duties" on public.staff for all to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "moderators read requests" on public.help_requests for select to authenticated
using (exists (select from public.staff s where s.user_id = (select auth.uid()) and s.duty = 'moderator'));

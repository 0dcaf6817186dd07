create table public.people (id uuid primary key references auth.users (id) on delete cascade, full_name text not null);
alter table public.people enable row level security;
create policy me on public.people for select to authenticated using (id = (select auth.uid()));
create table public.pupils (course_id integer not null, user_id uuid not null references public.people (id) on delete cascade, primary key (course_id, user_id));
create index on public.pupils (user_id);
alter table public.pupils enable row level security;
create policy me on public.pupils for select to authenticated using (user_id = (select auth.uid()));
create table public.staff (firm_id integer not null, user_id uuid not null references public.people (id) on delete cascade, primary key (firm_id, user_id));
create index on public.staff (user_id);
alter table public.staff enable row level security;
create policy me on public.staff for select to authenticated using (user_id = (select auth.uid()));
-- Pupils hand in homework of their courses.
create table public.homework (id uuid primary key default gen_random_uuid(), course_id integer not null, title text not null);
create index on public.homework (course_id); alter table public.homework enable row level security;
create policy seen on public.homework for select to authenticated using (course_id in (select p.course_id from public.pupils p where p.user_id = (select auth.uid())));
create table public.submissions (id uuid primary key default gen_random_uuid(), homework_id uuid not null references public.homework (id) on delete cascade, pupil_id uuid not null references public.people (id) on delete cascade, answer text not null);
create index on public.submissions (homework_id); create index on public.submissions (pupil_id); alter table public.submissions enable row level security;
create policy seen on public.submissions for select to authenticated using (pupil_id = (select auth.uid()));
create policy written on public.submissions for insert to authenticated with check (pupil_id = (select auth.uid()) and exists (select from public.homework h join public.pupils p on p.course_id = h.course_id where h.id = homework_id and p.user_id = (select auth.uid())));
-- A firm files applications of its candidates.
create table public.candidates (id uuid primary key default gen_random_uuid(), firm_id integer not null, title text not null);
create index on public.candidates (firm_id); alter table public.candidates enable row level security;
create policy seen on public.candidates for select to authenticated using (firm_id in (select s.firm_id from public.staff s where s.user_id = (select auth.uid())));
create table public.applications (id uuid primary key default gen_random_uuid(), firm_id integer not null, candidate_id uuid not null references public.candidates (id) on delete cascade, remark text not null);
create index on public.applications (firm_id); create index on public.applications (candidate_id); alter table public.applications enable row level security;
create policy seen on public.applications for select to authenticated using (firm_id in (select s.firm_id from public.staff s where s.user_id = (select auth.uid())));
create policy written on public.applications for insert to authenticated with check (firm_id in (select s.firm_id from public.staff s where s.user_id = (select auth.uid())) and exists (select from public.candidates c where c.id = candidate_id and c.firm_id = applications.firm_id));
-- Guests ask for a stay in a house that they were told of.
create table public.houses (id uuid primary key default gen_random_uuid(), owner_id uuid not null references public.people (id) on delete cascade, title text not null);
create index on public.houses (owner_id); alter table public.houses enable row level security;
create policy mine on public.houses for select to authenticated using (owner_id = (select auth.uid()));
create table public.stays (id uuid primary key default gen_random_uuid(), house_id uuid not null references public.houses (id) on delete cascade, guest_id uuid not null references public.people (id) on delete cascade, state text not null default 'pending' check (state in ('pending', 'agreed', 'refused')), remark text not null);
create index on public.stays (house_id); create index on public.stays (guest_id); alter table public.stays enable row level security;
create policy seen on public.stays for select to authenticated using (guest_id = (select auth.uid()));
create policy asked on public.stays for insert to authenticated with check (guest_id = (select auth.uid()) and state = 'pending');
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant insert on public.submissions, public.applications, public.stays to authenticated;

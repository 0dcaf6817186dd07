create table public.crews (id uuid primary key default gen_random_uuid(), name text not null);
create table public.sailors (
    crew_id uuid not null references public.crews on delete cascade,
    user_id uuid not null references auth.users on delete cascade, primary key (crew_id, user_id)
);
create index on public.sailors (user_id);
alter table public.crews enable row level security;
alter table public.sailors enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
create policy own on public.sailors for select to authenticated using (user_id = (select auth.uid()));
create policy ours on public.crews for select to authenticated using (exists (
    select from public.sailors s where s.crew_id = crews.id and s.user_id = (select auth.uid())));
create policy weather on realtime.messages for select to authenticated using ((select realtime.topic()) like 'weather:%');
create policy listen on realtime.messages for select to authenticated using ((select realtime.topic()) like 'crew:%' and exists (select from public.sailors s where s.user_id = (select auth.uid())));
create policy speak on realtime.messages for insert to authenticated with check ((select realtime.topic()) like 'crew:%');
create policy hear on realtime.messages for select to authenticated using (split_part((select realtime.topic()), ':', 1) = 'mates');
create policy answer on realtime.messages for insert to authenticated with check (exists (
    select from public.sailors s where s.user_id = (select auth.uid()) and 'mates:' || s.crew_id = (select realtime.topic())));

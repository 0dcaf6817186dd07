-- Counting one's own rows, or other people's, is a condition as long as it can fail.
set role postgres;
create table public.clubs (id uuid primary key, owner_id uuid not null);
alter table public.clubs enable row level security;
create policy founders on public.clubs for select to authenticated using (
    (select count(*) from public.profiles p where p.id = (select auth.uid()) and p.verification_status = 'approved') > 0
    and (select count(*) from public.help_requests r where r.user_id = (select auth.uid())) >= 3);

create table public.accounts (id uuid primary key default gen_random_uuid(), name text not null);
create table public.account_users (
    account_id uuid not null references public.accounts (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade, rank text not null default 'member'
    check (rank in ('member', 'owner')), primary key (account_id, user_id));
create index account_users_user on public.account_users (user_id);
create table public.bills (
    id uuid primary key default gen_random_uuid(), account_id uuid not null references public.accounts (id) on delete cascade,
    amount integer not null);
create index bills_account on public.bills (account_id);
alter table public.accounts enable row level security;
alter table public.account_users enable row level security;
alter table public.bills enable row level security;
revoke all on public.accounts, public.account_users, public.bills from anon, authenticated;
grant select on public.account_users, public.bills to authenticated;
create policy own on public.account_users for select to authenticated using (user_id = (select auth.uid()));

create policy read on public.bills for select to authenticated using (exists (
    select from public.account_users m where m.user_id = (select auth.uid()) and bills.account_id = m.account_id));

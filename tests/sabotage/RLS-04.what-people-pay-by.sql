-- object: "signed in" on public.bills
create table public.bills (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    stripe_customer_id text
);
create index on public.bills (user_id);
alter table public.bills enable row level security;
revoke all on public.bills from anon, authenticated;
grant select on public.bills to authenticated;
create policy "signed in" on public.bills for select to authenticated using ((select auth.uid()) is not null);

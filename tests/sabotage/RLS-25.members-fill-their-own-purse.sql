-- object: update on public.sabotage_accounts
-- The row is one's own, and with it the number that a function lets one spend.
create table public.sabotage_accounts (
    user_id uuid primary key references public.profiles (id) on delete cascade,
    nickname text,
    credits integer not null default 0
);
alter table public.sabotage_accounts enable row level security;
revoke all on public.sabotage_accounts from anon, authenticated;
grant select, update on public.sabotage_accounts to authenticated;
create policy "one's own account" on public.sabotage_accounts for select to authenticated
    using (user_id = (select auth.uid()));
create policy "one changes one's own account" on public.sabotage_accounts for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create function private.sabotage_spend(amount integer) returns boolean
language sql security definer set search_path = '' as $$
    select exists (select from public.sabotage_accounts a where a.user_id = auth.uid() and a.credits >= amount)
$$;
revoke execute on function private.sabotage_spend(integer) from public, anon, authenticated;
insert into public.sabotage_accounts (user_id) select id from public.profiles;

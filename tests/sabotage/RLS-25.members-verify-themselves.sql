-- object: update (verified_at) on public.sabotage_sellers
-- A column beside those that are for the seller to write.
create table public.sabotage_sellers (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null unique references public.profiles (id) on delete cascade,
    shop_name text,
    verified_at timestamptz
);
alter table public.sabotage_sellers enable row level security;
revoke all on public.sabotage_sellers from anon, authenticated;
grant select, update (shop_name, verified_at) on public.sabotage_sellers to authenticated;
create policy "one's own shop" on public.sabotage_sellers for select to authenticated
    using (owner_id = (select auth.uid()));
create policy "one changes one's own shop" on public.sabotage_sellers for update to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create function private.sabotage_may_sell(seller uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.sabotage_sellers s where s.owner_id = seller and s.verified_at is not null)
$$;
revoke execute on function private.sabotage_may_sell(uuid) from public, anon, authenticated;
insert into public.sabotage_sellers (owner_id) select id from public.profiles;

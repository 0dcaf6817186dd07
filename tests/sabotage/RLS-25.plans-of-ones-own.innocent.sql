-- The server decides about credits: they are not among the columns that are granted. A trigger keeps the plan.
create table public.innocent_accounts (
    user_id uuid primary key references public.profiles (id) on delete cascade,
    nickname text,
    credits integer not null default 0,
    approved boolean not null default false
);
create table public.innocent_tiers (
    user_id uuid primary key references public.profiles (id) on delete cascade,
    tier text not null default 'free',
    theme text
);
-- What somebody keeps about things of their own: several rows for a person. And a column that nothing asks for.
create table public.innocent_meals (
    id uuid primary key default gen_random_uuid(),
    cook_id uuid not null references public.profiles (id) on delete cascade,
    approved boolean not null default false
);
create table public.innocent_preferences (
    user_id uuid primary key references public.profiles (id) on delete cascade,
    diet_plan text
);
create index on public.innocent_meals (cook_id);
alter table public.innocent_accounts enable row level security;
alter table public.innocent_tiers enable row level security;
alter table public.innocent_meals enable row level security;
alter table public.innocent_preferences enable row level security;
revoke all on public.innocent_accounts, public.innocent_tiers, public.innocent_meals, public.innocent_preferences
    from anon, authenticated;
grant select on public.innocent_accounts, public.innocent_tiers, public.innocent_meals, public.innocent_preferences
    to authenticated;
grant update (nickname) on public.innocent_accounts to authenticated;
grant update (tier, theme) on public.innocent_tiers to authenticated;
grant update (approved) on public.innocent_meals to authenticated;
grant update (diet_plan) on public.innocent_preferences to authenticated;
create policy "one's own account" on public.innocent_accounts for select to authenticated
    using (user_id = (select auth.uid()));
create policy "one changes one's own account" on public.innocent_accounts for update to authenticated
    using (user_id = (select auth.uid()));
create policy "one's own tier" on public.innocent_tiers for select to authenticated using (user_id = (select auth.uid()));
create policy "one changes one's own tier" on public.innocent_tiers for update to authenticated
    using (user_id = (select auth.uid()));
create policy "one's own meals" on public.innocent_meals for select to authenticated using (cook_id = (select auth.uid()));
create policy "one changes one's own meals" on public.innocent_meals for update to authenticated
    using (cook_id = (select auth.uid()));
create policy "one's own preferences" on public.innocent_preferences for select to authenticated
    using (user_id = (select auth.uid()));
create policy "one changes one's own preferences" on public.innocent_preferences for update to authenticated
    using (user_id = (select auth.uid()));
create function private.innocent_keep_tier() returns trigger language plpgsql set search_path = '' as $$
begin
    if current_user in ('anon', 'authenticated') then
        new.tier := old.tier;
    end if;
    return new;
end $$;
create trigger keep_tier before update on public.innocent_tiers for each row execute function private.innocent_keep_tier();
create function private.innocent_may(who uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.innocent_accounts a where a.user_id = who and a.credits > 0 and a.approved)
        or exists (select from public.innocent_tiers t where t.user_id = who and t.tier = 'pro')
        or exists (select from public.innocent_meals m where m.cook_id = who and m.approved)
$$;
revoke execute on function private.innocent_keep_tier(), private.innocent_may(uuid) from public, anon, authenticated;
insert into public.innocent_accounts (user_id) select id from public.profiles;
insert into public.innocent_tiers (user_id, tier) select id, case when is_admin then 'pro' else 'free' end from public.profiles;
insert into public.innocent_meals (cook_id) select id from public.profiles cross join generate_series(1, 2);
insert into public.innocent_preferences (user_id, diet_plan) select id, 'green' from public.profiles;

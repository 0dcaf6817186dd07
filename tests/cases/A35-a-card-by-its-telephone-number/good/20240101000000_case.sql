create table public.contacts (id uuid primary key references auth.users on delete cascade, phone text);
create table public.cards (id uuid primary key default gen_random_uuid(),
    user_id uuid unique references auth.users on delete set null, phone text not null);
create table public.loans (id uuid primary key default gen_random_uuid(),
    card_id uuid not null references public.cards on delete cascade, remark text not null);
create index on public.loans (card_id);
create table public.lockers (id uuid primary key default gen_random_uuid(),
    user_id uuid unique references auth.users on delete set null, phone text not null);
create table public.parcels (id uuid primary key default gen_random_uuid(),
    locker_id uuid not null references public.lockers on delete cascade, remark text not null);
create index on public.parcels (locker_id);
alter table public.contacts enable row level security;
alter table public.cards enable row level security;
alter table public.loans enable row level security;
alter table public.lockers enable row level security;
alter table public.parcels enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (phone) on public.contacts to authenticated;
create policy own on public.contacts for select to authenticated using (id = (select auth.uid()));
create policy edit on public.contacts for update to authenticated using (id = (select auth.uid()))
    with check (id = (select auth.uid()));
create policy own on public.cards for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.loans for select to authenticated using (exists (
    select from public.cards c where c.id = loans.card_id and c.user_id = (select auth.uid())));
create policy own on public.lockers for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.parcels for select to authenticated using (exists (
    select from public.lockers l where l.id = parcels.locker_id and l.user_id = (select auth.uid())));
create function public.claim_card(p_phone text) returns void language plpgsql security definer set search_path = '' as $$
begin
    update public.cards set user_id = auth.uid()
    where phone = p_phone and user_id is null and phone = (select u.phone from auth.users u where u.id = auth.uid() and u.phone_confirmed_at is not null);
end $$;
revoke execute on function public.claim_card(text) from public, anon;
grant execute on function public.claim_card(text) to authenticated;
create function public.claim_locker() returns void language plpgsql security definer set search_path = '' as $$
begin
    update public.lockers set user_id = auth.uid()
    where user_id is null and phone = (select u.phone from auth.users u where u.id = auth.uid() and u.phone_confirmed_at is not null);
end $$;
revoke execute on function public.claim_locker() from public, anon;
grant execute on function public.claim_locker() to authenticated;

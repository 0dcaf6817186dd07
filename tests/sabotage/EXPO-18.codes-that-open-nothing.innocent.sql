-- A code of a country and a random id of a thing open no door; the door code itself is left out of the grants.
create table public.sabotage_parties (
    id uuid primary key default gen_random_uuid(),
    host_id uuid not null references public.profiles (id) on delete cascade,
    title text not null,
    listed boolean not null default true,
    country_code text not null default 'de',
    public_id uuid not null default gen_random_uuid(),
    door_code text not null default 'none'
);
create index on public.sabotage_parties (host_id);
alter table public.sabotage_parties enable row level security;
revoke all on public.sabotage_parties from anon, authenticated;
grant select (id, title, listed, country_code, public_id) on public.sabotage_parties to anon, authenticated;
grant update (title) on public.sabotage_parties to authenticated;
create policy "Listed parties" on public.sabotage_parties for select to anon, authenticated using (listed);
create policy "Hosts change parties" on public.sabotage_parties for update to authenticated
    using (host_id = (select auth.uid()));
insert into public.sabotage_parties (host_id, title) select id, 'party' from public.profiles;

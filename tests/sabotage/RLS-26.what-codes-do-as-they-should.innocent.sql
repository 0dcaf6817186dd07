-- An invitation is asked for its day; one may say no to it, and learn where it leads, for as long as one likes; a link for
-- as many as come notes when it was last used.
create table public.sabotage_houses (
    id uuid primary key default gen_random_uuid(), name text not null default 'A house', amount integer not null default 0
);
create table public.sabotage_people (
    house uuid not null references public.sabotage_houses (id) on delete cascade,
    person uuid not null references public.profiles (id) on delete cascade,
    primary key (house, person)
);
create table public.sabotage_invites (
    token text primary key default gen_random_uuid()::text,
    house uuid not null references public.sabotage_houses (id) on delete cascade,
    answer text not null default 'none' check (answer in ('none', 'no')),
    last_used_at timestamptz,
    good_until timestamptz not null default now() + interval '7 days'
);
create index on public.sabotage_people (person);
create index on public.sabotage_invites (house);
alter table public.sabotage_houses enable row level security;
alter table public.sabotage_people enable row level security;
alter table public.sabotage_invites enable row level security;
revoke all on public.sabotage_houses, public.sabotage_people, public.sabotage_invites from anon, authenticated;
grant select on public.sabotage_people to authenticated;
create policy "People see themselves" on public.sabotage_people for select to authenticated
    using (person = (select auth.uid()));
create function public.sabotage_join(p_token text) returns void language plpgsql security definer set search_path = '' as $$
declare
    i public.sabotage_invites;
begin
    update public.sabotage_invites s set last_used_at = now() where s.token = p_token and s.good_until > now()
    returning * into i;
    if i.token is null or auth.uid() is null then
        raise exception 'no such invitation';
    end if;
    insert into public.sabotage_people (house, person) values (i.house, auth.uid()) on conflict do nothing;
end $$;
create function public.sabotage_say_no(p_token text) returns void language sql security definer set search_path = '' as
    'update public.sabotage_invites set answer = ''no'' where token = p_token and (select auth.uid()) is not null';
create function public.sabotage_where_to(p_token text) returns text language sql stable security definer set search_path = '' as
    'select h.name from public.sabotage_invites i join public.sabotage_houses h on h.id = i.house where i.token = p_token
     and (select auth.uid()) is not null';
revoke execute on function public.sabotage_join(text), public.sabotage_say_no(text), public.sabotage_where_to(text)
    from public, anon;
grant execute on function public.sabotage_join(text), public.sabotage_say_no(text), public.sabotage_where_to(text)
    to authenticated;
insert into public.sabotage_houses (amount) select n from generate_series(1, 4) as n;
insert into public.sabotage_invites (house) select id from public.sabotage_houses;

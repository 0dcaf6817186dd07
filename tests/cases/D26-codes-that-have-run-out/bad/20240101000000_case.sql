create table public.houses (id uuid primary key default gen_random_uuid(), called text not null);
create table public.house_people (
    house uuid not null references public.houses on delete cascade, person uuid not null references auth.users on delete cascade,
    primary key (house, person)
);
create index on public.house_people (person);
create table public.house_invites (
    id uuid primary key default gen_random_uuid(), house uuid not null references public.houses on delete cascade,
    token text not null unique default encode(gen_random_bytes(12), 'hex'),
    state text not null default 'open' check (state in ('open', 'taken', 'declined')),
    good_until timestamptz not null default now() + interval '7 days'
);
create index on public.house_invites (house);
create table public.letters (
    id uuid primary key default gen_random_uuid(), writer uuid not null references auth.users on delete cascade, secret_words text not null
);
create index on public.letters (writer);
create table public.letter_links (
    id uuid primary key default gen_random_uuid(), letter uuid not null references public.letters on delete cascade,
    share_token uuid not null unique default gen_random_uuid(), withdrawn_at timestamptz
);
create index on public.letter_links (letter);
create table public.vouchers (
    voucher_code text primary key default encode(gen_random_bytes(8), 'hex'), weeks integer not null default 4, used_at timestamptz
);
create table public.subscriptions (
    id uuid primary key default gen_random_uuid(), person uuid not null references auth.users on delete cascade,
    weeks integer not null, begun_at timestamptz not null default now()
);
create index on public.subscriptions (person);
create table public.clubs (id uuid primary key default gen_random_uuid(), called text not null);
create table public.club_people (
    club uuid not null references public.clubs on delete cascade, person uuid not null references auth.users on delete cascade,
    primary key (club, person)
);
create index on public.club_people (person);
create table public.club_cards (
    id uuid primary key default gen_random_uuid(), club uuid not null references public.clubs on delete cascade,
    access_code text not null unique default encode(gen_random_bytes(6), 'hex'), last_day date not null
);
create index on public.club_cards (club);
create table public.gardens (id uuid primary key default gen_random_uuid(), called text not null);
create table public.keepers (
    garden uuid not null references public.gardens on delete cascade, person uuid not null references auth.users on delete cascade,
    primary key (garden, person)
);
create index on public.keepers (person);
create table public.garden_passes (
    id uuid primary key default gen_random_uuid(), garden uuid not null references public.gardens on delete cascade,
    token text not null unique default encode(gen_random_bytes(12), 'hex'), revoked timestamptz
);
create index on public.garden_passes (garden);
-- In order: a link for as many as there are, and a key that notes when it was last used.
create table public.band_links (
    id uuid primary key default gen_random_uuid(), club uuid not null references public.clubs on delete cascade,
    join_token text not null unique default encode(gen_random_bytes(12), 'hex'), last_used_at timestamptz
);
create index on public.band_links (club);
-- In order: a job keeps the state, and that is asked for.
create table public.trial_codes (
    id uuid primary key default gen_random_uuid(), club uuid not null references public.clubs on delete cascade,
    invite_code text not null unique default encode(gen_random_bytes(12), 'hex'),
    state text not null default 'open' check (state in ('open', 'over')), ends_at timestamptz not null default now() + interval '3 days'
);
create index on public.trial_codes (club);
alter table public.houses enable row level security; alter table public.house_people enable row level security;
alter table public.house_invites enable row level security; alter table public.letters enable row level security;
alter table public.letter_links enable row level security; alter table public.vouchers enable row level security;
alter table public.subscriptions enable row level security; alter table public.clubs enable row level security;
alter table public.club_people enable row level security; alter table public.club_cards enable row level security;
alter table public.gardens enable row level security; alter table public.keepers enable row level security;
alter table public.garden_passes enable row level security; alter table public.band_links enable row level security;
alter table public.trial_codes enable row level security;
create schema inner_rules;
grant usage on schema inner_rules to authenticated;
create function inner_rules.link_is_good(l uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.letter_links k where k.letter = l and k.withdrawn_at is null) $$;
create policy own on public.house_people for select to authenticated using (person = (select auth.uid()));
create policy ours on public.houses for select to authenticated using (exists (
    select from public.house_people p where p.house = houses.id and p.person = (select auth.uid())));
create policy ours on public.house_invites for select to authenticated using (exists (
    select from public.house_people p where p.house = house_invites.house and p.person = (select auth.uid())));
create policy own on public.letters for select to authenticated using (writer = (select auth.uid()));
create policy own on public.letter_links for select to authenticated using (exists (
    select from public.letters l where l.id = letter_links.letter and l.writer = (select auth.uid())));
create policy own on public.subscriptions for select to authenticated using (person = (select auth.uid()));
create policy own on public.club_people for select to authenticated using (person = (select auth.uid()));
create policy ours on public.clubs for select to authenticated using (exists (
    select from public.club_people p where p.club = clubs.id and p.person = (select auth.uid())));
create policy own on public.keepers for select to authenticated using (person = (select auth.uid()));
create policy ours on public.gardens for select to authenticated using (exists (
    select from public.keepers p where p.garden = gardens.id and p.person = (select auth.uid())));
create policy good on public.garden_passes for select to authenticated using (revoked is null and exists (
    select from public.keepers p where p.garden = garden_passes.garden and p.person = (select auth.uid())));
create policy ours on public.band_links for select to authenticated using (exists (
    select from public.club_people p where p.club = band_links.club and p.person = (select auth.uid())));
-- What the page asks before.
create function public.voucher_is_good(p_code text) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.vouchers v where v.voucher_code = p_code and v.used_at is null) $$;
create function public.unused_links() returns bigint language sql stable security definer set search_path = '' as $$
    select count(*) from public.band_links l where l.last_used_at is null $$;
create function public.card_is_good(p_code text) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.club_cards c where c.access_code = p_code and c.last_day >= current_date) $$;
create function public.letter_is_open(p_token uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from public.letter_links k where k.share_token = p_token and k.withdrawn_at is null) $$;
create function public.end_trials() returns void language sql security definer set search_path = '' as $$
    update public.trial_codes c set state = 'over' where c.ends_at < now() $$;
create function public.house_of(p_token text) returns text language sql stable security definer set search_path = '' as $$
    select h.called from public.house_invites i join public.houses h on h.id = i.house where i.token = p_token $$;
create function public.say_no(p_token text) returns void language sql security definer set search_path = '' as $$
    update public.house_invites set state = 'declined' where token = p_token and state = 'open' $$;
create function public.withdraw_link(p_token uuid) returns void language sql security definer set search_path = '' as $$
    update public.letter_links k set withdrawn_at = now() where k.share_token = p_token and exists (
        select from public.letters l where l.id = k.letter and l.writer = (select auth.uid())) $$;
create function public.join_band(p_token text) returns void language plpgsql security definer set search_path = '' as $$
declare l public.band_links;
begin
    if auth.uid() is null then raise exception 'sign in'; end if;
    update public.band_links set last_used_at = now() where join_token = p_token returning * into l;
    if not found then raise exception 'no such link'; end if;
    insert into public.club_people values (l.club, auth.uid()) on conflict do nothing;
end $$;
create function public.try_club(p_code text) returns void language plpgsql security definer set search_path = '' as $$
declare c public.trial_codes;
begin
    if auth.uid() is null then raise exception 'sign in'; end if;
    select * into c from public.trial_codes where invite_code = p_code and state = 'open';
    if not found then raise exception 'no such code'; end if;
    insert into public.club_people values (c.club, auth.uid()) on conflict do nothing;
end $$;
revoke execute on all functions in schema public from public, anon;
revoke execute on function public.unused_links(), public.end_trials() from authenticated;
create function public.join_house(p_token text) returns uuid language plpgsql security definer set search_path = '' as $$
declare i public.house_invites;
begin
    if auth.uid() is null then raise exception 'sign in'; end if;
    select * into i from public.house_invites h where h.token = p_token and h.state = 'open';
    if not found then raise exception 'no such invitation'; end if;
    update public.house_invites set state = 'taken' where id = i.id;
    insert into public.house_people (house, person) values (i.house, auth.uid()) on conflict do nothing;
    return i.house;
end $$;
create function public.open_letter(p_token uuid) returns jsonb language sql stable security definer set search_path = '' as $$
    select jsonb_build_object('words', l.secret_words) from public.letter_links k join public.letters l on l.id = k.letter
    where k.share_token = p_token $$;
create function public.take_voucher(p_code text) returns void language plpgsql security definer set search_path = '' as $$
declare v public.vouchers;
begin
    if auth.uid() is null then raise exception 'sign in'; end if;
    update public.vouchers set used_at = now() where voucher_code = p_code returning * into v;
    if not found then raise exception 'no such voucher'; end if;
    insert into public.subscriptions (person, weeks) values (auth.uid(), v.weeks);
end $$;
create function public.enter_club(p_code text) returns void language sql security definer set search_path = '' as $$
    insert into public.club_people (club, person)
    select c.club, (select auth.uid()) from public.club_cards c
    where c.access_code = p_code and (select auth.uid()) is not null on conflict do nothing $$;
create function public.keep(p_token text) returns void language plpgsql security definer set search_path = '' as $$
declare g uuid;
begin
    select p.garden into g from public.garden_passes p where p.token = p_token;
    if g is null or auth.uid() is null then raise exception 'no such pass'; end if;
    insert into public.keepers values (g, auth.uid()) on conflict do nothing;
end $$;
revoke execute on function public.join_house(text), public.open_letter(uuid), public.take_voucher(text),
    public.enter_club(text), public.keep(text) from public, anon;

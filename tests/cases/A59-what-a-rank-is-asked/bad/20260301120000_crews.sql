-- Whoever skips a boat reads all logs; that somebody does is asked in as many ways.
create type public.level as enum ('low', 'middle', 'high');
create domain public.word as text check (value in ('hand', 'skipper'));

create table public.crew_flag_of_a_word (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role text not null default 'hand' check (role in ('hand', 'skipper')),
    skips boolean generated always as (role = 'skipper') stored
);
create table public.logs_flag_of_a_word (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_flag_of_a_word enable row level security;
alter table public.logs_flag_of_a_word enable row level security;
create function public.skips_flag_of_a_word() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_flag_of_a_word c where c.id = (select auth.uid()) and c.skips)
$$;
create policy own on public.crew_flag_of_a_word for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_flag_of_a_word for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_flag_of_a_word for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_flag_of_a_word()));
create index on public.logs_flag_of_a_word (owner);

create table public.crew_word_of_a_word (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role text not null default 'hand',
    role_key text generated always as (lower(role)) stored
);
create table public.logs_word_of_a_word (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_word_of_a_word enable row level security;
alter table public.logs_word_of_a_word enable row level security;
create function public.skips_word_of_a_word() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_word_of_a_word c where c.id = (select auth.uid()) and c.role_key = 'skipper')
$$;
create policy own on public.crew_word_of_a_word for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_word_of_a_word for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_word_of_a_word for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_word_of_a_word()));
create index on public.logs_word_of_a_word (owner);

create table public.crew_key (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    rights jsonb not null default '{}'
);
create table public.logs_key (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_key enable row level security;
alter table public.logs_key enable row level security;
create function public.skips_key() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_key c where c.id = (select auth.uid()) and c.rights ->> 'role' = 'skipper')
$$;
create policy own on public.crew_key for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_key for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_key for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_key()));
create index on public.logs_key (owner);

create table public.crew_key_below (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    rights jsonb not null default '{}'
);
create table public.logs_key_below (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_key_below enable row level security;
alter table public.logs_key_below enable row level security;
create function public.skips_key_below() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_key_below c where c.id = (select auth.uid()) and (c.rights -> 'aboard' ->> 'skips')::boolean)
$$;
create policy own on public.crew_key_below for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_key_below for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_key_below for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_key_below()));
create index on public.logs_key_below (owner);

create table public.crew_holds_key (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    rights jsonb not null default '{}'
);
create table public.logs_holds_key (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_holds_key enable row level security;
alter table public.logs_holds_key enable row level security;
create function public.skips_holds_key() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_holds_key c where c.id = (select auth.uid()) and c.rights @> '{"skips": true}')
$$;
create policy own on public.crew_holds_key for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_holds_key for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_holds_key for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_holds_key()));
create index on public.logs_holds_key (owner);

create table public.crew_one_of (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    roles text[] not null default '{}'
);
create table public.logs_one_of (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_one_of enable row level security;
alter table public.logs_one_of enable row level security;
create function public.skips_one_of() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_one_of c where c.id = (select auth.uid()) and 'skipper' = any (c.roles))
$$;
create policy own on public.crew_one_of for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_one_of for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_one_of for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_one_of()));
create index on public.logs_one_of (owner);

create table public.crew_all_of (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    roles text[] not null default '{}'
);
create table public.logs_all_of (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_all_of enable row level security;
alter table public.logs_all_of enable row level security;
create function public.skips_all_of() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_all_of c where c.id = (select auth.uid()) and c.roles @> array['skipper'])
$$;
create policy own on public.crew_all_of for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_all_of for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_all_of for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_all_of()));
create index on public.logs_all_of (owner);

create table public.crew_bit (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    rights integer not null default 0
);
create table public.logs_bit (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_bit enable row level security;
alter table public.logs_bit enable row level security;
create function public.skips_bit() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_bit c where c.id = (select auth.uid()) and (c.rights & 4) <> 0)
$$;
create policy own on public.crew_bit for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_bit for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_bit for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_bit()));
create index on public.logs_bit (owner);

create table public.crew_number (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    rank integer not null default 1
);
create table public.logs_number (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_number enable row level security;
alter table public.logs_number enable row level security;
create function public.skips_number() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_number c where c.id = (select auth.uid()) and c.rank >= 50)
$$;
create policy own on public.crew_number for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_number for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_number for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_number()));
create index on public.logs_number (owner);

create table public.crew_far_number (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    rank integer not null default 1
);
create table public.logs_far_number (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_far_number enable row level security;
alter table public.logs_far_number enable row level security;
create function public.skips_far_number() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_far_number c where c.id = (select auth.uid()) and c.rank >= 5000)
$$;
create policy own on public.crew_far_number for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_far_number for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_far_number for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_far_number()));
create index on public.logs_far_number (owner);

create table public.crew_step (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    level public.level not null default 'low'
);
create table public.logs_step (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_step enable row level security;
alter table public.logs_step enable row level security;
create function public.skips_step() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_step c where c.id = (select auth.uid()) and c.level >= 'middle'::public.level)
$$;
create policy own on public.crew_step for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_step for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_step for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_step()));
create index on public.logs_step (owner);

create table public.crew_until (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    skips_until timestamptz
);
create table public.logs_until (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_until enable row level security;
alter table public.logs_until enable row level security;
create function public.skips_until() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_until c where c.id = (select auth.uid()) and c.skips_until > now())
$$;
create policy own on public.crew_until for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_until for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_until for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_until()));
create index on public.logs_until (owner);

create table public.crew_since (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    skips_since timestamptz
);
create table public.logs_since (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_since enable row level security;
alter table public.logs_since enable row level security;
create function public.skips_since() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_since c where c.id = (select auth.uid()) and c.skips_since is not null)
$$;
create policy own on public.crew_since for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_since for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_since for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_since()));
create index on public.logs_since (owner);

create table public.crew_like_word (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role text not null default 'hand'
);
create table public.logs_like_word (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_like_word enable row level security;
alter table public.logs_like_word enable row level security;
create function public.skips_like_word() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_like_word c where c.id = (select auth.uid()) and c.role like 'skipper%')
$$;
create policy own on public.crew_like_word for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_like_word for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_like_word for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_like_word()));
create index on public.logs_like_word (owner);

create table public.crew_some_words (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role text not null default 'hand'
);
create table public.logs_some_words (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_some_words enable row level security;
alter table public.logs_some_words enable row level security;
create function public.skips_some_words() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_some_words c where c.id = (select auth.uid()) and c.role in ('owner', 'skipper'))
$$;
create policy own on public.crew_some_words for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_some_words for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_some_words for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_some_words()));
create index on public.logs_some_words (owner);

create table public.crew_any_case (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role text not null default 'hand'
);
create table public.logs_any_case (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_any_case enable row level security;
alter table public.logs_any_case enable row level security;
create function public.skips_any_case() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_any_case c where c.id = (select auth.uid()) and lower(c.role) = 'skipper')
$$;
create policy own on public.crew_any_case for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_any_case for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_any_case for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_any_case()));
create index on public.logs_any_case (owner);

create table public.crew_pattern (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role text not null default 'hand'
);
create table public.logs_pattern (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_pattern enable row level security;
alter table public.logs_pattern enable row level security;
create function public.skips_pattern() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_pattern c where c.id = (select auth.uid()) and c.role ~ '^(skipper|owner)$')
$$;
create policy own on public.crew_pattern for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_pattern for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_pattern for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_pattern()));
create index on public.logs_pattern (owner);

create table public.crew_other_than (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role text not null default 'hand'
);
create table public.logs_other_than (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_other_than enable row level security;
alter table public.logs_other_than enable row level security;
create function public.skips_other_than() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_other_than c where c.id = (select auth.uid()) and c.role is distinct from 'hand')
$$;
create policy own on public.crew_other_than for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_other_than for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_other_than for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_other_than()));
create index on public.logs_other_than (owner);

create table public.crew_part_of_list (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    roles text
);
create table public.logs_part_of_list (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_part_of_list enable row level security;
alter table public.logs_part_of_list enable row level security;
create function public.skips_part_of_list() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_part_of_list c where c.id = (select auth.uid()) and 'skipper' = any (string_to_array(c.roles, ',')))
$$;
create policy own on public.crew_part_of_list for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_part_of_list for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_part_of_list for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_part_of_list()));
create index on public.logs_part_of_list (owner);

create table public.crew_length (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    code text
);
create table public.logs_length (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_length enable row level security;
alter table public.logs_length enable row level security;
create function public.skips_length() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_length c where c.id = (select auth.uid()) and length(c.code) > 40)
$$;
create policy own on public.crew_length for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_length for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_length for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_length()));
create index on public.logs_length (owner);

create table public.crew_not_barred (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    barred boolean not null default true
);
create table public.logs_not_barred (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_not_barred enable row level security;
alter table public.logs_not_barred enable row level security;
create function public.skips_not_barred() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_not_barred c where c.id = (select auth.uid()) and not c.barred)
$$;
create policy own on public.crew_not_barred for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_not_barred for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_not_barred for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_not_barred()));
create index on public.logs_not_barred (owner);

create table public.crew_in_a_case (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role text not null default 'hand'
);
create table public.logs_in_a_case (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_in_a_case enable row level security;
alter table public.logs_in_a_case enable row level security;
create function public.skips_in_a_case() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_in_a_case c where c.id = (select auth.uid()) and case c.role when 'skipper' then true else false end)
$$;
create policy own on public.crew_in_a_case for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_in_a_case for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_in_a_case for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_in_a_case()));
create index on public.logs_in_a_case (owner);

create table public.crew_of_a_domain (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text,
    role public.word not null default 'hand'
);
create table public.logs_of_a_domain (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null references auth.users (id) on delete cascade,
    entry text not null
);
alter table public.crew_of_a_domain enable row level security;
alter table public.logs_of_a_domain enable row level security;
create function public.skips_of_a_domain() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.crew_of_a_domain c where c.id = (select auth.uid()) and c.role = 'skipper')
$$;
create policy own on public.crew_of_a_domain for select to authenticated using (id = (select auth.uid()));
create policy change on public.crew_of_a_domain for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy read on public.logs_of_a_domain for select to authenticated
    using (owner = (select auth.uid()) or (select public.skips_of_a_domain()));
create index on public.logs_of_a_domain (owner);

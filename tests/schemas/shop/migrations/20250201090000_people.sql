-- A shop for many tenants: who somebody is, and which tenants they work for.
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated;
alter default privileges for role postgres in schema public revoke execute on functions from public, anon, authenticated;
alter default privileges for role postgres revoke execute on functions from public;

create schema private;
revoke all on schema private from public;
grant usage on schema private to authenticated, service_role;

create type public.plan as enum ('free', 'team', 'enterprise');
create type public.member_role as enum ('owner', 'manager', 'clerk', 'viewer');
create domain public.slug as text
    constraint slug_form check (value ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
    constraint slug_length check (char_length(value) between 3 and 40);
create domain public.email_address as text check (value ~ '^[^@[:space:]]+@[^@[:space:]]+\.[a-z]{2,}$');
create domain public.money_amount as numeric(12, 2) check (value >= 0);

create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    display_name text not null check (char_length(display_name) between 1 and 80),
    phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    locale text not null default 'en' check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
    is_staff boolean not null default false,
    created_at timestamptz not null default now()
);

create table public.tenants (
    id uuid primary key default gen_random_uuid(),
    slug public.slug not null unique,
    name text not null check (btrim(name) <> ''),
    plan public.plan not null default 'free',
    owner_id uuid not null references public.profiles (id) on delete cascade,
    settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    default_location_id bigint,
    is_active boolean not null default true,
    created_at timestamptz not null default now()
);
create index tenants_owner_id_idx on public.tenants (owner_id);

create table public.memberships (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade,
    role public.member_role not null default 'viewer',
    invited_by uuid references public.profiles (id) on delete set null,
    joined_at timestamptz not null default now(),
    primary key (tenant_id, user_id)
);
create index memberships_user_id_idx on public.memberships (user_id);

create table public.invitations (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    email public.email_address not null,
    role public.member_role not null check (role <> 'owner'),
    token text not null unique default replace(gen_random_uuid()::text, '-', '') check (length(token) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '7 days',
    accepted_at timestamptz,
    accepted_by uuid references public.profiles (id) on delete cascade,
    check (expires_at > created_at),
    constraint accepted_by_somebody check ((accepted_at is null) = (accepted_by is null))
);
create unique index invitations_open_idx on public.invitations (tenant_id, lower(email)) where accepted_at is null;

create function private.is_member(tenant uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.memberships m where m.tenant_id = tenant and m.user_id = (select auth.uid())
    )
$$;
create function private.may_manage(tenant uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.memberships m
        where m.tenant_id = tenant and m.user_id = (select auth.uid()) and m.role in ('owner', 'manager')
    )
$$;
create function private.shares_tenant(person uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.memberships mine
        join public.memberships theirs on theirs.tenant_id = mine.tenant_id
        where mine.user_id = (select auth.uid()) and theirs.user_id = person
    )
$$;
grant execute on all functions in schema private to authenticated, service_role;

create function private.handle_new_user() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, display_name)
    values (new.id, coalesce(nullif(new.raw_user_meta_data ->> 'name', ''), 'New member'));
    return new;
end
$$;
create trigger on_auth_user_created after insert on auth.users
    for each row execute function private.handle_new_user();

alter table public.profiles enable row level security;
alter table public.tenants enable row level security;
alter table public.memberships enable row level security;
alter table public.invitations enable row level security;

create policy profiles_read on public.profiles for select to authenticated
    using (id = (select auth.uid()) or private.shares_tenant(id));
create policy profiles_edit on public.profiles for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
grant select on public.profiles to authenticated;
grant update (display_name, phone, locale) on public.profiles to authenticated;

create policy tenants_read on public.tenants for select to authenticated using (private.is_member(id));
create policy tenants_edit on public.tenants for update to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
grant select on public.tenants to authenticated;
grant update (name, settings) on public.tenants to authenticated;

create policy memberships_read on public.memberships for select to authenticated using (private.is_member(tenant_id));
-- Nobody is made a member without knowing: colleagues see each other's profiles.
create policy memberships_leave on public.memberships for delete to authenticated
    using (user_id = (select auth.uid()) and role <> 'owner');
grant select, delete on public.memberships to authenticated;

grant select, insert, update, delete on public.invitations to authenticated;
create policy invitations_manage on public.invitations for all to authenticated
    using (private.may_manage(tenant_id)) with check (private.may_manage(tenant_id));

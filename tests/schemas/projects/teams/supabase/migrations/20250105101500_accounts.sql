-- Organisations with owners, admins and members; who is in one decides everything else.
create schema if not exists private;
revoke all on schema private from public;
grant usage on schema private to authenticated, service_role;

alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke execute on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;

create type public.organisation_role as enum ('owner', 'admin', 'member', 'viewer');
create type public.invitation_status as enum ('pending', 'accepted', 'revoked');

create table public.profiles (
    id uuid primary key references auth.users on delete cascade,
    display_name text not null default 'Someone' check (length(display_name) <= 80),
    avatar_path text,
    created_at timestamptz not null default now()
);

create table public.organisations (
    id uuid primary key default gen_random_uuid(),
    slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{2,38}$'),
    name text not null,
    billing_email text,
    plan text not null default 'free' check (plan in ('free', 'pro', 'business')),
    created_at timestamptz not null default now()
);

create table public.memberships (
    organisation_id uuid not null references public.organisations on delete cascade,
    user_id uuid not null references public.profiles on delete cascade,
    role public.organisation_role not null default 'member',
    created_at timestamptz not null default now(),
    primary key (organisation_id, user_id)
);
create index memberships_user_id_idx on public.memberships (user_id);

create table public.invitations (
    id uuid primary key default gen_random_uuid(),
    organisation_id uuid not null references public.organisations on delete cascade,
    invited_by uuid references public.profiles on delete set null,
    email text not null,
    role public.organisation_role not null default 'member' check (role <> 'owner'),
    token uuid not null unique default gen_random_uuid(),
    status public.invitation_status not null default 'pending',
    expires_at timestamptz not null default now() + interval '7 days',
    created_at timestamptz not null default now()
);
create index invitations_organisation_id_idx on public.invitations (organisation_id);
create index invitations_invited_by_idx on public.invitations (invited_by);
create unique index invitations_one_open_idx on public.invitations (organisation_id, lower(email)) where status = 'pending';

create function private.has_role(p_organisation uuid, p_roles public.organisation_role[]) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select 1 from public.memberships m
        where m.organisation_id = p_organisation and m.user_id = (select auth.uid()) and m.role = any (p_roles)
    )
$$;
create function private.is_member(p_organisation uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select 1 from public.memberships m
        where m.organisation_id = p_organisation and m.user_id = (select auth.uid())
    )
$$;
create function private.is_colleague(p_user uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select 1 from public.memberships mine
        join public.memberships theirs using (organisation_id)
        where mine.user_id = (select auth.uid()) and theirs.user_id = p_user
    )
$$;
revoke execute on all functions in schema private from public;
grant execute on all functions in schema private to authenticated;

create function private.on_new_user() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, display_name)
    values (new.id, left(coalesce(nullif(new.raw_user_meta_data ->> 'name', ''), 'Someone'), 80))
    on conflict (id) do nothing;
    return new;
end;
$$;
create trigger on_auth_user_created after insert on auth.users
    for each row execute function private.on_new_user();

alter table public.profiles enable row level security;
alter table public.organisations enable row level security;
alter table public.memberships enable row level security;
alter table public.invitations enable row level security;

create policy profiles_select on public.profiles for select to authenticated
    using (id = (select auth.uid()) or private.is_colleague(id));
create policy profiles_update on public.profiles for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
grant select on public.profiles to authenticated;
grant update (display_name, avatar_path) on public.profiles to authenticated;

create policy organisations_select on public.organisations for select to authenticated
    using (private.is_member(id));
create policy organisations_update on public.organisations for update to authenticated
    using (private.has_role(id, '{owner,admin}')) with check (private.has_role(id, '{owner,admin}'));
grant select on public.organisations to authenticated;
grant update (name, billing_email) on public.organisations to authenticated;

create policy memberships_select on public.memberships for select to authenticated
    using (private.is_member(organisation_id));
create policy memberships_leave on public.memberships for delete to authenticated
    using (user_id = (select auth.uid()) and role <> 'owner');
create policy memberships_remove on public.memberships for delete to authenticated
    using (role <> 'owner' and private.has_role(organisation_id, '{owner}'));
grant select, delete on public.memberships to authenticated;

create policy invitations_select on public.invitations for select to authenticated
    using (private.has_role(organisation_id, '{owner,admin}'));
create policy invitations_insert on public.invitations for insert to authenticated
    with check (private.has_role(organisation_id, '{owner,admin}') and invited_by = (select auth.uid()));
create policy invitations_delete on public.invitations for delete to authenticated
    using (private.has_role(organisation_id, '{owner,admin}'));
grant select, delete on public.invitations to authenticated;
grant insert (organisation_id, invited_by, email, role) on public.invitations to authenticated;

-- What takes several steps at once is a function: the organisation, and its first owner.
create function public.create_organisation(p_name text, p_slug text) returns uuid
    language plpgsql security definer set search_path = '' as $$
declare
    v_id uuid;
begin
    if (select auth.uid()) is null then
        raise exception 'not signed in' using errcode = '42501';
    end if;
    insert into public.organisations (name, slug) values (p_name, p_slug) returning id into v_id;
    insert into public.memberships (organisation_id, user_id, role) values (v_id, (select auth.uid()), 'owner');
    return v_id;
end;
$$;
create function public.accept_invitation(p_token uuid) returns uuid
    language plpgsql security definer set search_path = '' as $$
declare
    v_invitation public.invitations;
begin
    select * into v_invitation from public.invitations i
    where i.token = p_token and i.status = 'pending' and i.expires_at > now()
        and lower(i.email) = lower((select auth.email()))
    for update;
    if not found then
        raise exception 'this invitation is not valid' using errcode = 'P0002';
    end if;
    insert into public.memberships (organisation_id, user_id, role)
    values (v_invitation.organisation_id, (select auth.uid()), v_invitation.role)
    on conflict (organisation_id, user_id) do nothing;
    update public.invitations set status = 'accepted' where id = v_invitation.id;
    return v_invitation.organisation_id;
end;
$$;
create function public.change_role(p_organisation uuid, p_user uuid, p_role public.organisation_role) returns void
    language plpgsql security definer set search_path = '' as $$
begin
    if not private.has_role(p_organisation, '{owner}') then
        raise exception 'only owners change roles' using errcode = '42501';
    end if;
    update public.memberships set role = p_role where organisation_id = p_organisation and user_id = p_user;
end;
$$;
grant execute on function public.create_organisation(text, text) to authenticated;
grant execute on function public.accept_invitation(uuid) to authenticated;
grant execute on function public.change_role(uuid, uuid, public.organisation_role) to authenticated;

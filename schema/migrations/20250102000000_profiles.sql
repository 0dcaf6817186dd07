-- Members: their profiles, who they are to the policies, and how they join.

create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    name text not null
        constraint profiles_name_length check (char_length(btrim(name)) >= 1 and char_length(name) <= 100)
        -- Other members see the name; an e-mail address in it would be given away without consent.
        constraint profiles_name_is_no_email check (name !~ '[^[:space:]@]+@[^[:space:]@]+\.[^[:space:]@]+'),
    location text constraint profiles_location_length check (char_length(location) <= 200),
    phone text constraint profiles_phone_length check (char_length(phone) between 3 and 40),
    contact_preferences jsonb not null default '{"show_phone": false, "show_email": false}'
        constraint profiles_contact_preferences_form check (
            contact_preferences ?& array['show_phone', 'show_email']
            and contact_preferences -> 'show_phone' in ('true', 'false')
            and contact_preferences -> 'show_email' in ('true', 'false')
        ),
    verification_status text not null default 'pending'
        constraint profiles_verification_status_known check (verification_status in ('pending', 'approved', 'rejected')),
    is_admin boolean not null default false,
    approved_at timestamptz,
    approved_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now()
);
create index idx_profiles_approved_by on public.profiles (approved_by);
create index idx_profiles_verification_status on public.profiles (verification_status);

-- Who is calling. These functions run with their owner's rights, so that a policy on profiles that asks them does not
-- call itself; they only ever speak about the caller.

create function private.is_guest() returns boolean
language sql stable set search_path = ''
return coalesce(
    nullif(current_setting('request.jwt.claim.is_anonymous', true), ''),
    auth.jwt() ->> 'is_anonymous'
) is not distinct from 'true';

create function private.is_approved() returns boolean
language sql stable security definer set search_path = ''
begin atomic
    select not private.is_guest() and exists (
        select from public.profiles p where p.id = auth.uid() and p.verification_status = 'approved'
    );
end;

create function private.is_admin() returns boolean
language sql stable security definer set search_path = ''
begin atomic
    select not private.is_guest() and exists (
        select from public.profiles p where p.id = auth.uid() and p.verification_status = 'approved' and p.is_admin
    );
end;

grant execute on function private.is_guest(), private.is_approved(), private.is_admin() to authenticated;

alter table public.profiles enable row level security;

create policy "members read their own profile and approved members" on public.profiles
for select to authenticated
using (
    id = (select auth.uid())
    or (verification_status = 'approved' and (select private.is_approved()))
    or (select private.is_admin())
);

create policy "members edit their own profile" on public.profiles
for update to authenticated
using (id = (select auth.uid()))
with check (id = (select auth.uid()));

-- Phone and contact preferences are in no grant: their owner reads them with my_profile(), others through a confirmed
-- contact exchange. The columns that decide about rights are in no grant for update.
grant select (id, name, location, verification_status, is_admin, created_at) on public.profiles to authenticated;
grant update (name, location, phone, contact_preferences) on public.profiles to authenticated;

create function public.my_profile() returns table (
    id uuid,
    name text,
    location text,
    phone text,
    contact_preferences jsonb,
    verification_status text,
    is_admin boolean,
    approved_at timestamptz,
    created_at timestamptz
)
language sql stable security definer set search_path = ''
begin atomic
    select
        p.id, p.name, p.location, p.phone, p.contact_preferences, p.verification_status, p.is_admin, p.approved_at,
        p.created_at
    from public.profiles p
    where p.id = auth.uid();
end;
comment on function public.my_profile() is 'The caller''s own profile with the columns that nobody else may read.';
grant execute on function public.my_profile() to authenticated;

-- Approval leaves its marks. Should a later migration grant too much on the table, the API roles still do not change what
-- decides about rights; current_user is another when an admin's function, the server or a foreign key makes the change.
create function private.guard_profile() returns trigger
language plpgsql set search_path = ''
as $$
begin
    if current_user in ('anon', 'authenticated')
        and (new.id, new.verification_status, new.is_admin, new.approved_at, new.approved_by)
            is distinct from (old.id, old.verification_status, old.is_admin, old.approved_at, old.approved_by)
        and (old.id = auth.uid() or not private.is_admin())
    then
        raise exception 'only an admin may change this, and not for themselves' using errcode = 'insufficient_privilege';
    end if;
    if new.verification_status = 'approved' and old.verification_status <> 'approved' then
        new.approved_at := coalesce(new.approved_at, now());
    elsif new.verification_status <> 'approved' then
        new.approved_at := null;
        new.approved_by := null;
    end if;
    return new;
end
$$;

create trigger guard_profile before update on public.profiles
for each row execute function private.guard_profile();

create function public.review_member(member uuid, decision text) returns void
language plpgsql security definer set search_path = ''
as $$
begin
    if not private.is_admin() or member = auth.uid() then
        raise exception 'only an admin may review another member' using errcode = 'insufficient_privilege';
    end if;
    update public.profiles p
    set verification_status = decision,
        approved_by = case when decision = 'approved' then auth.uid() end
    where p.id = member;
end
$$;
comment on function public.review_member(uuid, text) is 'An admin sets another member''s verification status.';

create function public.appoint_admin(member uuid, appointed boolean) returns void
language plpgsql security definer set search_path = ''
as $$
begin
    if not private.is_admin() or member = auth.uid() then
        raise exception 'only an admin may appoint another member' using errcode = 'insufficient_privilege';
    end if;
    update public.profiles p set is_admin = appointed where p.id = member;
end
$$;
comment on function public.appoint_admin(uuid, boolean) is 'An admin makes another member an admin, or no longer one.';
grant execute on function public.review_member(uuid, text), public.appoint_admin(uuid, boolean) to authenticated;

-- Joining. The metadata is whatever the browser sent: only a name is taken from it.
create function private.handle_new_user() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
    given text := coalesce(
        nullif(new.raw_user_meta_data ->> 'name', ''), new.raw_user_meta_data ->> 'full_name', ''
    );
begin
    -- Control characters and runs of space become one space.
    given := btrim(left(btrim(regexp_replace(given, '[[:space:][:cntrl:]]+', ' ', 'g')), 100));
    if given = '' or given ~ '@' then
        given := 'New member';
    end if;
    insert into public.profiles (id, name) values (new.id, given) on conflict (id) do nothing;
    return new;
end
$$;

create trigger on_auth_user_created after insert on auth.users
for each row execute function private.handle_new_user();

-- Members: who applies, who is approved, and what signing up makes.

alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on functions from anon, authenticated;
alter default privileges for role postgres revoke execute on functions from public;
alter default privileges for role postgres in schema public grant execute on functions to service_role;

create type public.verification_status as enum ('pending', 'approved', 'rejected', 'suspended');

create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    name varchar(100) not null check (length(trim(name)) > 0 and position('@' in name) = 0),
    location text check (length(location) <= 200),
    phone text,
    avatar_url text,
    contact_preferences jsonb not null default '{"show_phone": false, "show_email": false, "preferred": "message"}',
    verification_status public.verification_status not null default 'pending',
    is_admin boolean not null default false,
    is_beta_tester boolean not null default false,
    is_system_user boolean not null default false,
    application_reason text check (length(application_reason) <= 1000),
    caregiving_situation text check (caregiving_situation in ('caring', 'cared_for', 'formerly_caring', 'neighbour')),
    rejection_reason text,
    applied_at timestamptz not null default now(),
    approved_at timestamptz,
    approved_by uuid references public.profiles (id) on delete set null,
    terms_version text not null default '1.0',
    terms_accepted_at timestamptz not null default now(),
    email_confirmed boolean not null default false,
    email_confirmed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index profiles_standing on public.profiles (verification_status);
create index profiles_approved_by on public.profiles (approved_by);

-- What every new member has: made by a trigger on profiles.
create table public.user_privacy_settings (
    user_id uuid primary key references public.profiles (id) on delete cascade,
    default_contact_sharing jsonb not null default '{"phone": false, "email": true}',
    auto_delete_exchanges_after_days integer not null default 90 check (auto_delete_exchanges_after_days between 1 and 730),
    gdpr_consent_given boolean not null default false,
    gdpr_consent_date timestamptz,
    updated_at timestamptz not null default now(),
    check (gdpr_consent_given = (gdpr_consent_date is not null))
);

create table public.messaging_preferences (
    user_id uuid primary key references public.profiles (id) on delete cascade,
    can_receive_from text not null default 'help_connections' check (can_receive_from in ('anyone', 'help_connections', 'nobody')),
    email_notifications boolean not null default true,
    push_notifications boolean not null default true,
    quiet_hours_start time,
    quiet_hours_end time,
    updated_at timestamptz not null default now()
);

create table public.verification_status_changes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    old_status public.verification_status,
    new_status public.verification_status not null,
    changed_by uuid references public.profiles (id) on delete set null,
    changed_at timestamptz not null default now(),
    notes text
);
create index verification_status_changes_user on public.verification_status_changes (user_id, changed_at desc);
create index verification_status_changes_by on public.verification_status_changes (changed_by);

create function public.is_current_user_approved() returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (
        select 1 from public.profiles p
        where p.id = auth.uid() and p.verification_status = 'approved'
    ) and not coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false)
$$;

create function public.is_current_user_admin() returns boolean
language sql stable security definer set search_path = ''
as $$
    select public.is_current_user_approved() and exists (
        select 1 from public.profiles p where p.id = auth.uid() and p.is_admin
    )
$$;
grant execute on function public.is_current_user_approved(), public.is_current_user_admin() to authenticated;

create function public.touch_updated_at() returns trigger
language plpgsql set search_path = ''
as $$
begin
    new.updated_at := now();
    return new;
end
$$;

create trigger profiles_touched before update on public.profiles
for each row execute function public.touch_updated_at();
create trigger privacy_touched before update on public.user_privacy_settings
for each row execute function public.touch_updated_at();
create trigger preferences_touched before update on public.messaging_preferences
for each row execute function public.touch_updated_at();

create function public.set_up_member() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.user_privacy_settings (user_id) values (new.id);
    insert into public.messaging_preferences (user_id) values (new.id);
    return null;
end
$$;
create trigger on_profile_created after insert on public.profiles
for each row execute function public.set_up_member();

create function public.log_verification_status_change() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.verification_status_changes (user_id, old_status, new_status, changed_by)
    values (new.id, old.verification_status, new.verification_status,
            (select p.id from public.profiles p where p.id = auth.uid()));
    return null;
end
$$;
create trigger on_verification_status_changed after update of verification_status on public.profiles
for each row when (old.verification_status is distinct from new.verification_status)
execute function public.log_verification_status_change();

create function public.handle_user_registration() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
    said jsonb := coalesce(new.raw_user_meta_data, '{}');
    shown text := trim(left(trim(regexp_replace(coalesce(said ->> 'name', said ->> 'full_name', ''), '[[:cntrl:][:space:]]+', ' ', 'g')), 100));
begin
    if shown = '' or position('@' in shown) > 0 then
        shown := 'Community member';
    end if;
    insert into public.profiles (id, name, location, application_reason, terms_version)
    values (
        new.id, shown, nullif(left(said ->> 'location', 200), ''), left(said ->> 'application_reason', 1000),
        coalesce(nullif(left(said ->> 'terms_version', 20), ''), '1.0')
    )
    on conflict (id) do nothing;
    return new;
end
$$;
create trigger on_auth_user_created after insert on auth.users
for each row execute function public.handle_user_registration();

create function public.handle_email_confirmation() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    update public.profiles p
    set email_confirmed = true, email_confirmed_at = new.email_confirmed_at
    where p.id = new.id;
    return null;
end
$$;
create trigger on_auth_user_email_confirmed after update of email_confirmed_at on auth.users
for each row when (old.email_confirmed_at is null and new.email_confirmed_at is not null)
execute function public.handle_email_confirmation();

alter table public.profiles enable row level security;
alter table public.user_privacy_settings enable row level security;
alter table public.messaging_preferences enable row level security;
alter table public.verification_status_changes enable row level security;

create policy profiles_select on public.profiles for select to authenticated
using (
    id = (select auth.uid())
    or ((select public.is_current_user_approved()) and verification_status = 'approved')
    or (select public.is_current_user_admin())
);
create policy profiles_update_own on public.profiles for update to authenticated
using (id = (select auth.uid())) with check (id = (select auth.uid()));

grant select (id, name, location, avatar_url, verification_status, is_admin, created_at) on public.profiles to authenticated;
grant update (name, location, phone, avatar_url, contact_preferences, caregiving_situation) on public.profiles to authenticated;

create policy privacy_select_own on public.user_privacy_settings for select to authenticated
using (user_id = (select auth.uid()));
create policy privacy_update_own on public.user_privacy_settings for update to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select on public.user_privacy_settings to authenticated;
grant update (default_contact_sharing, auto_delete_exchanges_after_days) on public.user_privacy_settings to authenticated;

create policy preferences_select_own on public.messaging_preferences for select to authenticated
using (user_id = (select auth.uid()));
create policy preferences_update_own on public.messaging_preferences for update to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select on public.messaging_preferences to authenticated;
grant update (can_receive_from, email_notifications, push_notifications, quiet_hours_start, quiet_hours_end)
on public.messaging_preferences to authenticated;

create policy status_changes_select on public.verification_status_changes for select to authenticated
using ((select public.is_current_user_admin()));
grant select on public.verification_status_changes to authenticated;

-- What a member reads of themselves beside what others may read, too.
create function public.get_my_profile() returns jsonb
language sql stable security definer set search_path = ''
as $$
    select to_jsonb(p) - 'approved_by' - 'rejection_reason' from public.profiles p where p.id = auth.uid()
$$;
grant execute on function public.get_my_profile() to authenticated;

create function public.review_application(applicant uuid, decision public.verification_status, reason text default null)
returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    if not public.is_current_user_admin() or applicant = auth.uid() then
        raise exception 'only an admin reviews applications, and not their own' using errcode = '42501';
    end if;
    update public.profiles p
    set verification_status = decision,
        rejection_reason = case when decision = 'rejected' then reason end,
        approved_at = case when decision = 'approved' then now() end,
        approved_by = case when decision = 'approved' then auth.uid() end
    where p.id = applicant;
    return found;
end
$$;
grant execute on function public.review_application(uuid, public.verification_status, text) to authenticated;

-- For admins who look through what is waiting.
create view public.pending_applications with (security_invoker = true) as
select p.id, p.name, p.location, p.verification_status, p.created_at
from public.profiles p
where p.verification_status = 'pending';
grant select on public.pending_applications to authenticated;

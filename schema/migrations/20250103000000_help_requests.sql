-- Help requests: what members need, and the life of a request from open to its end.

create table public.help_requests (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    helper_id uuid references public.profiles (id) on delete set null,
    title text not null constraint help_requests_title_length check (char_length(title) between 5 and 100),
    description text constraint help_requests_description_length check (char_length(description) <= 2000),
    category text not null constraint help_requests_category_known check (
        category in (
            'groceries', 'transport', 'household', 'meals', 'childcare', 'petcare', 'medical', 'technology',
            'companionship', 'other'
        )
    ),
    urgency text not null default 'normal'
        constraint help_requests_urgency_known check (urgency in ('normal', 'urgent', 'critical')),
    status text not null default 'open' constraint help_requests_status_known check (
        status in ('open', 'in_progress', 'completed', 'cancelled', 'closed')
    ),
    location_override text
        constraint help_requests_location_override_length check (char_length(location_override) <= 200),
    location_privacy text not null default 'public' constraint help_requests_location_privacy_known check (
        location_privacy in ('public', 'helpers_only', 'after_match')
    ),
    created_at timestamptz not null default now(),
    helped_at timestamptz,
    completed_at timestamptz,
    cancelled_at timestamptz,

    constraint help_requests_helper_is_another check (helper_id <> user_id),
    constraint help_requests_open_is_untouched check (
        status <> 'open' or num_nonnulls(helper_id, helped_at, completed_at, cancelled_at) = 0
    ),
    constraint help_requests_in_progress_has_helper check (
        status <> 'in_progress' or (helper_id is not null and helped_at is not null)
    ),
    -- A completed request may lose its helper: people leave, and what they did stays done.
    constraint help_requests_completed_has_time check (status <> 'completed' or completed_at is not null),
    constraint help_requests_cancelled_has_time check (status <> 'cancelled' or cancelled_at is not null),
    constraint help_requests_times_in_order check (
        helped_at >= created_at and completed_at >= created_at and cancelled_at >= created_at
    )
);
create index idx_help_requests_status_urgency_created on public.help_requests (status, urgency, created_at desc);
create index idx_help_requests_user_id on public.help_requests (user_id);
create index idx_help_requests_helper_id on public.help_requests (helper_id);

alter table public.help_requests enable row level security;

create policy "approved members read open requests and their own affairs" on public.help_requests
for select to authenticated
using (
    (
        (select private.is_approved())
        and (status = 'open' or user_id = (select auth.uid()) or helper_id = (select auth.uid()))
    )
    or (select private.is_admin())
);

create policy "approved members ask for help in their own name" on public.help_requests
for insert to authenticated
with check (user_id = (select auth.uid()) and (select private.is_approved()));

create policy "owners and admins change requests" on public.help_requests
for update to authenticated
using ((user_id = (select auth.uid()) and (select private.is_approved())) or (select private.is_admin()))
with check ((user_id = (select auth.uid()) and (select private.is_approved())) or (select private.is_admin()));

-- location_override is in no grant for select: get_request_location() gives it to whom its owner wants to have it.
-- A browser may send the times of the life cycle, but they are the database's own: see keep_life_cycle().
grant select (
    id, user_id, helper_id, title, description, category, urgency, status, location_privacy, created_at, helped_at,
    completed_at, cancelled_at
) on public.help_requests to authenticated;
grant insert (user_id, title, description, category, urgency, location_override, location_privacy)
on public.help_requests to authenticated;
grant update (
    helper_id, title, description, category, urgency, status, location_override, location_privacy, helped_at,
    completed_at, cancelled_at
) on public.help_requests to authenticated;

create function private.keep_life_cycle() returns trigger
language plpgsql set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' and (new.id, new.user_id) is distinct from (old.id, old.user_id) then
        raise exception 'a help request does not change hands' using errcode = 'insufficient_privilege';
    end if;

    if tg_op = 'UPDATE' and current_user = 'authenticated' then
        new.helped_at := old.helped_at;
        new.completed_at := old.completed_at;
        new.cancelled_at := old.cancelled_at;
    end if;

    -- Without a helper nothing is in progress: the helper has left, or the owner has let them go.
    if tg_op = 'UPDATE' and new.status = 'in_progress' and old.helper_id is not null and new.helper_id is null then
        new.status := 'open';
    end if;
    if tg_op = 'UPDATE' and new.status = 'open' and old.status <> 'open' then
        new.helper_id := null;
        new.helped_at := null;
        new.completed_at := null;
        new.cancelled_at := null;
    end if;

    if new.helper_id is not null and (tg_op = 'INSERT' or new.helper_id is distinct from old.helper_id) then
        if not exists (
            select from public.profiles p where p.id = new.helper_id and p.verification_status = 'approved'
        ) then
            raise exception 'a helper is an approved member' using errcode = 'check_violation';
        end if;
        if tg_op = 'UPDATE' then
            new.helped_at := now();
        end if;
    end if;

    if new.status = 'in_progress' then
        new.helped_at := coalesce(new.helped_at, now());
    elsif new.status = 'completed' then
        new.completed_at := coalesce(new.completed_at, now());
    elsif new.status = 'cancelled' then
        new.cancelled_at := coalesce(new.cancelled_at, now());
    end if;
    return new;
end
$$;

create trigger keep_life_cycle before insert or update on public.help_requests
for each row execute function private.keep_life_cycle();

create function public.get_request_location(request_id uuid) returns text
language sql stable security definer set search_path = ''
begin atomic
    select r.location_override
    from public.help_requests r
    where r.id = get_request_location.request_id
        and private.is_approved()
        and (
            auth.uid() in (r.user_id, r.helper_id)
            or private.is_admin()
            or (r.status = 'open' and r.location_privacy = 'public')
            or (
                r.status = 'open'
                and r.location_privacy = 'helpers_only'
                and exists (select from public.help_requests h where h.helper_id = auth.uid())
            )
        );
end;
comment on function public.get_request_location(uuid) is
'Where help is needed. Owner, helper and admins always; while the request is open, approved members when location_privacy
is public, members who have been taken as a helper before when it is helpers_only, and nobody else when it is after_match.';
grant execute on function public.get_request_location(uuid) to authenticated;

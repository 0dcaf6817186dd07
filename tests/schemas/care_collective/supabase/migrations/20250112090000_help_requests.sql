-- Help requests, and what somebody offers in return.

create table public.help_requests (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    helper_id uuid references public.profiles (id) on delete set null,
    title text not null check (length(title) >= 5 and length(title) <= 100),
    description text check (length(description) <= 2000),
    category text not null check (category = any (array[
        'groceries', 'transportation', 'household-tasks', 'medical-pharmacy', 'meal-preparation', 'respite-care',
        'emotional-support', 'technology-help', 'social-companionship', 'other'
    ])),
    subcategory text check (length(subcategory) <= 60),
    exchange_offer text check (length(exchange_offer) <= 300),
    urgency text not null default 'normal' check (urgency in ('flexible', 'normal', 'urgent', 'critical')),
    status text not null default 'open' check (status in ('open', 'in_progress', 'completed', 'cancelled', 'closed', 'expired')),
    visibility text not null default 'members' check (visibility in ('members', 'neighbourhood')),
    is_ongoing boolean not null default false,
    location_override text check (length(location_override) <= 200),
    location_privacy text not null default 'public' check (location_privacy in ('public', 'helpers_only', 'after_match')),
    cancel_reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '60 days',
    helped_at timestamptz,
    completed_at timestamptz,
    cancelled_at timestamptz,
    constraint helper_is_somebody_else check (helper_id is null or helper_id <> user_id),
    constraint in_progress_has_helper check (status <> 'in_progress' or (helper_id is not null and helped_at is not null)),
    constraint open_has_no_helper check (status <> 'open' or helper_id is null),
    constraint completed_has_time check (status <> 'completed' or completed_at is not null),
    constraint cancelled_has_time check (status <> 'cancelled' or cancelled_at is not null)
);
create index idx_help_requests_status_urgency_created on public.help_requests (status, urgency, created_at desc);
create index help_requests_owner on public.help_requests (user_id, status);
create index help_requests_helper on public.help_requests (helper_id) where helper_id is not null;

create function public.keep_request_in_order() returns trigger
language plpgsql set search_path = ''
as $$
begin
    new.updated_at := now();
    if tg_op = 'UPDATE' and new.user_id <> old.user_id then
        raise exception 'a request keeps its owner' using errcode = '42501';
    end if;
    if tg_op = 'UPDATE' and new.helper_id is not null and new.helper_id is distinct from old.helper_id then
        if not exists (select 1 from public.profiles p where p.id = new.helper_id and p.verification_status = 'approved') then
            raise exception 'a helper is an approved member' using errcode = '23514';
        end if;
        new.status := case when new.status = 'open' then 'in_progress' else new.status end;
        new.helped_at := now();
    end if;
    if tg_op = 'UPDATE' and new.helper_id is null and old.helper_id is not null and new.status = 'in_progress' then
        new.status := 'open';
    end if;
    if new.status = 'open' then
        new.helper_id := null;
        new.helped_at := null;
        new.completed_at := null;
        new.cancelled_at := null;
    elsif new.status = 'completed' then
        new.completed_at := coalesce(new.completed_at, now());
    elsif new.status = 'cancelled' then
        new.cancelled_at := coalesce(new.cancelled_at, now());
    end if;
    return new;
end
$$;
create trigger help_requests_in_order before insert or update on public.help_requests
for each row execute function public.keep_request_in_order();

alter table public.help_requests enable row level security;

create policy requests_select on public.help_requests for select to authenticated
using (
    ((select public.is_current_user_approved()) and (status = 'open' or (select auth.uid()) in (user_id, helper_id)))
    or (select public.is_current_user_admin())
);
create policy requests_insert on public.help_requests for insert to authenticated
with check (user_id = (select auth.uid()) and (select public.is_current_user_approved()));
create policy requests_update on public.help_requests for update to authenticated
using (
    (user_id = (select auth.uid()) and (select public.is_current_user_approved()))
    or (select public.is_current_user_admin())
)
with check (
    (user_id = (select auth.uid()) and (select public.is_current_user_approved()))
    or (select public.is_current_user_admin())
);

grant select (
    id, user_id, helper_id, title, description, category, subcategory, exchange_offer, urgency, status, visibility,
    is_ongoing, location_privacy, created_at, updated_at, expires_at, helped_at, completed_at, cancelled_at
) on public.help_requests to authenticated;
grant insert (
    user_id, title, description, category, subcategory, exchange_offer, urgency, visibility, is_ongoing,
    location_override, location_privacy
) on public.help_requests to authenticated;
grant update (
    helper_id, title, description, category, subcategory, exchange_offer, urgency, status, visibility, is_ongoing,
    location_override, location_privacy, cancel_reason
) on public.help_requests to authenticated;

-- Where help is needed: for owner and helper, and as far as the owner has said for those who might help.
create function public.reveal_request_location(p_request_id uuid) returns jsonb
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_object('request', r.id, 'address', r.location_override)
    from public.help_requests r
    where r.id = p_request_id and public.is_current_user_approved() and (
        auth.uid() in (r.user_id, r.helper_id)
        or public.is_current_user_admin()
        or (r.status = 'open' and r.location_privacy = 'public')
        or (r.status = 'open' and r.location_privacy = 'helpers_only' and exists (
            select 1 from public.help_requests h where h.helper_id = auth.uid()))
    )
$$;
grant execute on function public.reveal_request_location(uuid) to authenticated;

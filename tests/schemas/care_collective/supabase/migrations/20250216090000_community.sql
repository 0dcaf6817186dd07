-- What the community has beside help: events, news, presence, notifications, reports of faults.

create type public.notification_type as enum (
    'new_message', 'help_request_offer', 'help_request_accepted', 'help_request_completed', 'system_announcement'
);

create table public.notifications (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    type public.notification_type not null,
    title text not null,
    content text,
    action_url text,
    related_id uuid,
    read_at timestamptz,
    created_at timestamptz not null default now()
);
create index notifications_user on public.notifications (user_id, created_at desc);

create table public.user_presence (
    user_id uuid primary key references public.profiles (id) on delete cascade,
    status text not null default 'offline' check (status in ('online', 'away', 'offline')),
    last_seen timestamptz not null default now()
);

create table public.event_categories (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    slug text not null unique check (slug ~ '^[a-z0-9-]+$'),
    color text not null default '#4a7c59' check (color ~ '^#[0-9a-f]{6}$'),
    display_order integer not null default 0,
    created_at timestamptz not null default now()
);

create table public.calendar_events (
    id uuid primary key default gen_random_uuid(),
    category_id uuid references public.event_categories (id) on delete set null,
    title text not null,
    description text,
    location text,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    status text not null default 'draft' check (status in ('draft', 'published', 'cancelled')),
    created_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    check (ends_at >= starts_at)
);
create index calendar_events_category on public.calendar_events (category_id);
create index calendar_events_created_by on public.calendar_events (created_by);
create index calendar_events_starts on public.calendar_events (starts_at) where status = 'published';

create table public.community_updates (
    id uuid primary key default gen_random_uuid(),
    title text not null,
    description text,
    status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
    published_at timestamptz,
    created_at timestamptz not null default now(),
    check ((status = 'draft') = (published_at is null))
);

create table public.site_content (
    section_key text primary key check (section_key ~ '^[a-z_]+$'),
    published_version jsonb not null default '{}',
    updated_at timestamptz not null default now()
);

create table public.bug_reports (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    title text not null check (length(title) between 5 and 150),
    description text not null,
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    status text not null default 'open' check (status in ('open', 'in_progress', 'resolved', 'wont_fix')),
    context jsonb not null default '{}',
    created_at timestamptz not null default now()
);
create index bug_reports_user on public.bug_reports (user_id);

create table public.data_export_requests (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    request_type text not null default 'full' check (request_type in ('full', 'messages', 'profile')),
    status text not null default 'pending' check (status in ('pending', 'processing', 'completed', 'failed')),
    download_token text,
    requested_at timestamptz not null default now(),
    completed_at timestamptz
);
create index data_export_requests_user on public.data_export_requests (user_id);

create table public.google_calendar_sync (
    id uuid primary key default gen_random_uuid(),
    google_calendar_id text not null unique,
    refresh_token_encrypted text,
    sync_direction text not null default 'push' check (sync_direction in ('push', 'pull', 'both')),
    last_sync_at timestamptz,
    created_at timestamptz not null default now()
);

create table public.sync_conflict_log (
    id uuid primary key default gen_random_uuid(),
    event_id uuid references public.calendar_events (id) on delete cascade,
    conflict_type text not null check (conflict_type in ('both_changed', 'deleted_there', 'deleted_here')),
    local_version jsonb,
    google_version jsonb,
    created_at timestamptz not null default now()
);
create index sync_conflict_log_event on public.sync_conflict_log (event_id);

alter table public.notifications enable row level security;
alter table public.user_presence enable row level security;
alter table public.event_categories enable row level security;
alter table public.calendar_events enable row level security;
alter table public.community_updates enable row level security;
alter table public.site_content enable row level security;
alter table public.bug_reports enable row level security;
alter table public.data_export_requests enable row level security;
alter table public.google_calendar_sync enable row level security;
alter table public.sync_conflict_log enable row level security;

create policy notifications_select_own on public.notifications for select to authenticated
using (user_id = (select auth.uid()));
create policy notifications_read_own on public.notifications for update to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy notifications_delete_own on public.notifications for delete to authenticated
using (user_id = (select auth.uid()));
grant select, delete on public.notifications to authenticated;
grant update (read_at) on public.notifications to authenticated;

create policy presence_select on public.user_presence for select to authenticated
using ((select public.is_current_user_approved()));
create policy presence_update_own on public.user_presence for update to authenticated
using (user_id = (select auth.uid()) and (select public.is_current_user_approved()))
with check (user_id = (select auth.uid()) and (select public.is_current_user_approved()));
grant select on public.user_presence to authenticated;
grant update (status, last_seen) on public.user_presence to authenticated;

create policy categories_select on public.event_categories for select to anon, authenticated using (true);
create policy events_select on public.calendar_events for select to anon, authenticated using (status = 'published');
create policy updates_select on public.community_updates for select to anon, authenticated using (status = 'published');
create policy content_select on public.site_content for select to anon, authenticated using (true);
grant select on public.event_categories, public.community_updates, public.site_content to anon, authenticated;
grant select (id, category_id, title, description, location, starts_at, ends_at, status) on public.calendar_events to anon, authenticated;

create policy bugs_select on public.bug_reports for select to authenticated
using (user_id = (select auth.uid()) or (select public.is_current_user_admin()));
create policy bugs_insert on public.bug_reports for insert to authenticated
with check (user_id = (select auth.uid()) and (select public.is_current_user_approved()));
grant select on public.bug_reports to authenticated;
grant insert (user_id, title, description, severity, context) on public.bug_reports to authenticated;

create policy exports_select on public.data_export_requests for select to authenticated using (user_id = (select auth.uid()));
create policy exports_insert on public.data_export_requests for insert to authenticated with check (user_id = (select auth.uid()));
grant select (id, user_id, request_type, status, requested_at, completed_at) on public.data_export_requests to authenticated;
grant insert (user_id, request_type) on public.data_export_requests to authenticated;

-- Who is written to hears of it.
create function public.notify_recipient() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.notifications (user_id, type, title, related_id)
    values (new.recipient_id, 'new_message', 'You have a new message', new.conversation_id);
    return null;
end
$$;
create trigger on_message_notify after insert on public.messages
for each row execute function public.notify_recipient();

create function public.get_unread_notification_count() returns bigint
language sql stable security invoker set search_path = ''
as $$
    select count(*) from public.notifications n where n.user_id = auth.uid() and n.read_at is null
$$;
grant execute on function public.get_unread_notification_count() to authenticated;

create function public.get_upcoming_events(limit_count integer default 10)
returns table (id uuid, title text, location text, starts_at timestamptz, category text)
language sql stable security invoker set search_path = ''
as $$
    select e.id, e.title, e.location, e.starts_at, c.name
    from public.calendar_events e left join public.event_categories c on c.id = e.category_id
    where e.status = 'published' and e.starts_at > now()
    order by e.starts_at limit least(limit_count, 100)
$$;
grant execute on function public.get_upcoming_events(integer) to anon, authenticated;

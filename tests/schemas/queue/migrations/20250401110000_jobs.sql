-- Work that a server does for people. They see their own jobs; all else is the server's.
create schema queue;
revoke all on schema queue from public;
grant usage on schema queue to service_role;
alter default privileges for role postgres in schema queue grant all on tables to service_role;
alter default privileges for role postgres in schema queue grant all on sequences to service_role;
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated;
alter default privileges for role postgres in schema public revoke execute on functions from anon, authenticated;
alter default privileges for role postgres revoke execute on functions from public;

create type public.job_state as enum ('queued', 'running', 'done', 'failed', 'cancelled');
create domain queue.percent as smallint check (value between 0 and 100);
create domain queue.cron as text check (value ~ '^([*0-9,/-]+ ){4}[*0-9,/-]+$');

create table public.accounts (
    user_id uuid primary key references auth.users (id) on delete cascade,
    nickname text,
    role text not null default 'user' check (role in ('user', 'support', 'admin')),
    is_banned boolean not null default false,
    credits integer not null default 0 check (credits >= 0),
    time_zone text not null default 'UTC'
);
create table queue.queues (
    name text primary key check (name ~ '^[a-z_]{3,32}$'),
    concurrency smallint not null default 1 check (concurrency > 0 and concurrency <= 64),
    paused boolean not null default false,
    retry_after interval not null default '30 seconds' check (retry_after > interval '1 second'),
    fallback text references queue.queues (name),
    check (fallback <> name)
);
insert into queue.queues (name) values ('mail'), ('import');

create table queue.workers (
    id uuid primary key default gen_random_uuid(),
    host text not null,
    address inet not null,
    network cidr,
    hardware macaddr,
    flags bit(4) not null default b'0000',
    lsn pg_lsn,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    current_job bigint,
    constraint alive check (seen_at >= started_at)
);

create table public.jobs (
    id bigint generated always as identity primary key,
    queue text not null default 'mail' references queue.queues (name),
    requested_by uuid not null references public.accounts (user_id) on delete cascade,
    state public.job_state not null default 'queued',
    priority smallint not null default 5,
    attempts smallint not null default 0,
    max_attempts smallint not null default 3,
    payload jsonb not null,
    result jsonb,
    error text,
    run_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    worker_id uuid references queue.workers (id) on delete set null,
    dedupe_key text,
    shard integer generated always as (abs(hashtext(queue)) % 16) stored,
    constraint priority_range check (priority between 1 and 9),
    constraint attempts_range check (attempts >= 0 and attempts <= max_attempts),
    constraint payload_kind check (payload ? 'kind' and payload ->> 'kind' in ('email', 'import', 'export')),
    constraint running_has_a_worker check (state <> 'running' or worker_id is not null and started_at is not null),
    constraint finished_when check ((state in ('done', 'failed', 'cancelled')) = (finished_at is not null)),
    constraint failed_why check ((state = 'failed') = (error is not null)),
    constraint times check (finished_at >= started_at)
);
create unique index jobs_dedupe on public.jobs (requested_by, queue, dedupe_key) where state in ('queued', 'running');
alter table queue.workers add foreign key (current_job) references public.jobs (id)
    on delete set null deferrable initially deferred;

create table public.job_files (
    job_id bigint not null references public.jobs (id) on delete cascade,
    "position" smallint not null,
    bucket text references storage.buckets (id),
    path text not null check (path !~ '\.\.' and path !~ '^/'),
    bytes bigint check (bytes > 0),
    body bytea,
    primary key (job_id, "position"),
    unique nulls not distinct (bucket, path)
);

create table queue.attempts (
    job_id bigint not null references public.jobs (id) on delete cascade,
    number smallint not null check (number > 0),
    worker_id uuid not null references queue.workers (id) on delete cascade,
    progress queue.percent not null default 0,
    took numrange check (not isempty(took)),
    pauses tstzmultirange,
    log text,
    primary key (job_id, number)
);
create table queue.dead_letters (
    like public.jobs including defaults including constraints including generated,
    primary key (id),
    buried_at timestamptz not null default now()
);
create table queue.schedules (
    id smallint generated always as identity primary key,
    queue text not null references queue.queues (name),
    owner_id uuid references public.accounts (user_id) on delete cascade,
    pattern queue.cron not null,
    starts_on date not null,
    ends_on date,
    weekdays integer[] not null default '{1}' check (weekdays <@ array[1, 2, 3, 4, 5, 6, 7] and cardinality(weekdays) > 0),
    is_active boolean not null default true,
    template json not null,
    check (ends_on > starts_on)
);
create table queue.leases (
    worker_id uuid not null references queue.workers (id) on delete cascade,
    slot int4range not null,
    during tstzrange not null,
    -- Slots begin at 1 and are never shared.
    check (lower(slot) >= 1),
    exclude using gist (slot with &&, during with &&)
);
create table queue.secrets (
    "Key" text primary key,
    "value" text not null check (octet_length("value") >= 16),
    rotated timestamptz,
    next text references queue.secrets ("Key")
);
create table queue.metrics (
    at timestamptz not null,
    worker_id uuid not null references queue.workers (id),
    label "char" not null default 'x',
    reading double precision not null check (reading >= 0 and reading < 1e9),
    ratio real check (ratio between 0 and 1)
) partition by range (at);
create table queue.metrics_past partition of queue.metrics for values from (minvalue) to ('2026-01-01');
create table queue.metrics_rest partition of queue.metrics default;

create function queue.is_support() returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.accounts a
        where a.user_id = (select auth.uid()) and a.role in ('support', 'admin') and not a.is_banned
    )
$$;
grant usage on schema queue to authenticated;
grant execute on function queue.is_support() to authenticated, service_role;

do $$
declare
    relation regclass;
begin
    for relation in
        select c.oid from pg_class c
        where c.relnamespace in ('public'::regnamespace, 'queue'::regnamespace) and c.relkind in ('r', 'p')
    loop
        execute format('alter table %s enable row level security', relation);
    end loop;
end
$$;
grant select on public.accounts, public.jobs, public.job_files to authenticated;
grant update (nickname, time_zone) on public.accounts to authenticated;
grant insert (queue, payload, run_at, dedupe_key, requested_by), delete on public.jobs to authenticated;
grant insert on public.job_files to authenticated;

create policy accounts_read on public.accounts for select to authenticated
    using (user_id = (select auth.uid()) or (select queue.is_support()));
create policy accounts_edit on public.accounts for update to authenticated
    using (user_id = (select auth.uid()) and not is_banned) with check (user_id = (select auth.uid()) and not is_banned);
create policy jobs_read on public.jobs for select to authenticated
    using (requested_by = (select auth.uid()) or (select queue.is_support()));
create policy jobs_request on public.jobs for insert to authenticated
    with check (requested_by = (select auth.uid()) and state = 'queued');
create policy jobs_cancel on public.jobs for delete to authenticated
    using (requested_by = (select auth.uid()) and state = 'queued');
create policy files_read on public.job_files for select to authenticated
    using (exists (select from public.jobs j where j.id = job_id));
create policy files_add on public.job_files for insert to authenticated
    with check (exists (select from public.jobs j
                        where j.id = job_id and j.requested_by = (select auth.uid()) and j.state = 'queued'));

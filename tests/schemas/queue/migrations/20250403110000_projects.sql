-- People work together in projects: who takes part is an array, and what they may do a document.
create table public.projects (
    id uuid primary key default gen_random_uuid(),
    name text not null check (char_length(name) between 3 and 60),
    owner_id uuid not null references public.accounts (user_id) on delete cascade,
    members uuid[] not null default '{}',
    roles jsonb not null default '{}' check (jsonb_typeof(roles) = 'object'),
    is_archived boolean not null default false,
    deleted_at timestamptz
);
create table public.project_notes (
    id bigint generated always as identity primary key,
    project_id uuid not null references public.projects (id) on delete cascade,
    author_id uuid not null references public.accounts (user_id) on delete cascade,
    body text not null check (body <> ''),
    is_draft boolean not null default true,
    created_at timestamptz not null default now()
);
-- What a job has printed, in partitions by time.
create table public.job_logs (
    id bigint generated always as identity,
    job_id bigint not null references public.jobs (id) on delete cascade,
    printed_at timestamptz not null default now(),
    line text not null,
    primary key (id, printed_at)
) partition by range (printed_at);
create table public.job_logs_2025 partition of public.job_logs for values from (minvalue) to ('2026-01-01');
create table public.job_logs_later partition of public.job_logs default;
-- For the server alone; they are here because its client looks for them here.
create table public.rate_limits (
    user_id uuid primary key references public.accounts (user_id) on delete cascade,
    used integer not null default 0 check (used >= 0),
    refilled_at timestamptz not null default now()
);
create table public.outbox (
    id bigint generated always as identity primary key,
    recipient_id uuid references public.accounts (user_id) on delete cascade,
    subject text not null,
    body text not null,
    sent_at timestamptz
);
create table public.notices (
    id integer generated always as identity primary key,
    title text not null,
    body text not null default '',
    is_published boolean not null default false,
    starts_at timestamptz not null default now()
);

do $$
declare
    relation regclass;
begin
    for relation in
        select c.oid from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
    loop
        execute format('alter table %s enable row level security', relation);
    end loop;
end
$$;
grant select on public.notices to anon, authenticated;
grant select on public.project_notes, public.job_logs to authenticated;
grant select, insert, delete, update (name, is_archived) on public.projects to authenticated;
grant insert (project_id, author_id, body, is_draft), update (body, is_draft), delete on public.project_notes
    to authenticated;
grant select, insert, update, delete on public.rate_limits, public.outbox to anon, authenticated;

create policy notices_read on public.notices for select to anon, authenticated
    using (is_published and starts_at <= now());
create policy projects_read on public.projects for select to authenticated
    using (deleted_at is null and (owner_id = (select auth.uid()) or (select auth.uid()) = any (members)));
create policy projects_add on public.projects for insert to authenticated
    with check (owner_id = (select auth.uid()) and deleted_at is null);
create policy projects_edit on public.projects for update to authenticated
    using (deleted_at is null
           and (owner_id = (select auth.uid()) or roles ->> (select auth.uid())::text = 'maintainer'))
    with check (deleted_at is null
                and (owner_id = (select auth.uid()) or roles ->> (select auth.uid())::text = 'maintainer'));
create policy projects_remove on public.projects for delete to authenticated using (owner_id = (select auth.uid()));
create policy notes_read on public.project_notes for select to authenticated
    using (author_id = (select auth.uid())
           or not is_draft and exists (select from public.projects p where p.id = project_id));
create policy notes_add on public.project_notes for insert to authenticated
    with check (author_id = (select auth.uid()) and exists (select from public.projects p where p.id = project_id));
create policy notes_edit on public.project_notes for update to authenticated
    using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
create policy notes_remove on public.project_notes for delete to authenticated using (author_id = (select auth.uid()));
create policy logs_read on public.job_logs for select to authenticated
    using (exists (select from public.jobs j where j.id = job_id));

create index on queue.queues (fallback);
create index on public.jobs (queue);
create index on public.jobs (requested_by);
create index on public.jobs (worker_id);
create index on queue.workers (current_job);
create index on queue.attempts (worker_id);
create index on queue.schedules (queue);
create index on queue.schedules (owner_id);
create index on queue.leases (worker_id);
create index on queue.secrets (next);
create index on queue.metrics (worker_id);
create index on public.projects (owner_id);
create index on public.projects using gin (members);
create index on public.project_notes (project_id);
create index on public.project_notes (author_id);
create index on public.job_logs (job_id);
create index on public.outbox (recipient_id);

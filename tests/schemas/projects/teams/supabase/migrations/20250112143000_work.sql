create table public.projects (
    id uuid primary key default gen_random_uuid(),
    organisation_id uuid not null references public.organisations on delete cascade,
    name text not null,
    archived_at timestamptz,
    created_at timestamptz not null default now()
);
create index projects_organisation_id_idx on public.projects (organisation_id);

create table public.tasks (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.projects on delete cascade,
    assignee_id uuid references public.profiles on delete set null,
    title text not null check (length(title) between 1 and 200),
    body text,
    state text not null default 'todo' check (state in ('todo', 'doing', 'done')),
    due_on date,
    created_at timestamptz not null default now()
);
create index tasks_project_id_idx on public.tasks (project_id);
create index tasks_assignee_id_idx on public.tasks (assignee_id);

create table public.comments (
    id uuid primary key default gen_random_uuid(),
    task_id uuid not null references public.tasks on delete cascade,
    author_id uuid not null default auth.uid() references public.profiles on delete cascade,
    body text not null check (length(body) between 1 and 4000),
    created_at timestamptz not null default now()
);
create index comments_task_id_idx on public.comments (task_id);
create index comments_author_id_idx on public.comments (author_id);

create table public.audit_events (
    id bigint generated always as identity primary key,
    organisation_id uuid not null references public.organisations on delete cascade,
    actor_id uuid,
    action text not null,
    detail jsonb not null default '{}',
    created_at timestamptz not null default now()
);
create index audit_events_organisation_id_idx on public.audit_events (organisation_id, created_at desc);

create function private.organisation_of_project(p_project uuid) returns uuid
    language sql stable security definer set search_path = '' as $$
    select p.organisation_id from public.projects p where p.id = p_project
$$;
create function private.organisation_of_task(p_task uuid) returns uuid
    language sql stable security definer set search_path = '' as $$
    select p.organisation_id from public.tasks t join public.projects p on p.id = t.project_id where t.id = p_task
$$;
grant execute on function private.organisation_of_project(uuid), private.organisation_of_task(uuid) to authenticated;

create function private.note_membership() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    -- The organisation itself may be going.
    insert into public.audit_events (organisation_id, actor_id, action, detail)
    select o.id, auth.uid(), lower(tg_op) || ' membership',
        jsonb_build_object('user', coalesce(new.user_id, old.user_id), 'role', coalesce(new.role, old.role))
    from public.organisations o where o.id = coalesce(new.organisation_id, old.organisation_id);
    return null;
end;
$$;
create trigger memberships_note after insert or update or delete on public.memberships
    for each row execute function private.note_membership();

alter table public.projects enable row level security;
alter table public.tasks enable row level security;
alter table public.comments enable row level security;
alter table public.audit_events enable row level security;

create policy projects_select on public.projects for select to authenticated
    using (private.is_member(organisation_id));
create policy projects_insert on public.projects for insert to authenticated
    with check (private.has_role(organisation_id, '{owner,admin,member}'));
create policy projects_update on public.projects for update to authenticated
    using (private.has_role(organisation_id, '{owner,admin,member}'))
    with check (private.has_role(organisation_id, '{owner,admin,member}'));
create policy projects_delete on public.projects for delete to authenticated
    using (private.has_role(organisation_id, '{owner,admin}'));
grant select, insert, delete on public.projects to authenticated;
grant update (name, archived_at) on public.projects to authenticated;

create policy tasks_select on public.tasks for select to authenticated
    using (private.is_member(private.organisation_of_project(project_id)));
create policy tasks_insert on public.tasks for insert to authenticated
    with check (private.has_role(private.organisation_of_project(project_id), '{owner,admin,member}'));
create policy tasks_update on public.tasks for update to authenticated
    using (private.has_role(private.organisation_of_project(project_id), '{owner,admin,member}'))
    with check (private.has_role(private.organisation_of_project(project_id), '{owner,admin,member}'));
create policy tasks_delete on public.tasks for delete to authenticated
    using (private.has_role(private.organisation_of_project(project_id), '{owner,admin,member}'));
grant select, insert, delete on public.tasks to authenticated;
grant update (assignee_id, title, body, state, due_on) on public.tasks to authenticated;

create policy comments_select on public.comments for select to authenticated
    using (private.is_member(private.organisation_of_task(task_id)));
create policy comments_insert on public.comments for insert to authenticated
    with check (author_id = (select auth.uid()) and private.is_member(private.organisation_of_task(task_id)));
create policy comments_delete on public.comments for delete to authenticated
    using (author_id = (select auth.uid()));
grant select, insert, delete on public.comments to authenticated;

create policy audit_events_select on public.audit_events for select to authenticated
    using (private.has_role(organisation_id, '{owner,admin}'));
grant select on public.audit_events to authenticated;

-- Whoever likes joins an open group, and whoever is invited a closed one.
create table public.groups (
    id uuid primary key default gen_random_uuid(), name text not null, is_open boolean not null default false
);
create table public.group_members (
    group_id uuid not null references public.groups (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade,
    role text not null default 'member' check (role in ('member', 'owner')),
    primary key (group_id, user_id)
);
create index on public.group_members (user_id);
create table public.posts (
    id bigint generated always as identity primary key,
    group_id uuid not null references public.groups (id) on delete cascade,
    content text
);
create index on public.posts (group_id);
with made as (
    insert into public.groups (name, is_open)
    values ('open', true), ('closed', false), ('invited', false), ('another', true) returning id, name
),
members as (
    insert into public.group_members (group_id, user_id)
    select made.id, p.id from made cross join (
        select id from public.profiles where id::text !~ '^00000000-0000-4000-8000' limit 3) as p
)
insert into public.posts (group_id, content) select id, 'a post' from made cross join generate_series(1, 3);
create schema if not exists hidden;
grant usage on schema hidden to authenticated;
create function hidden.my_groups() returns setof uuid language sql stable security definer set search_path = ''
as 'select group_id from public.group_members where user_id = auth.uid()';
create function hidden.is_open(which uuid) returns boolean language sql stable security definer set search_path = ''
as 'select is_open from public.groups where id = which';
grant execute on all functions in schema hidden to authenticated;
alter table public.groups enable row level security;
alter table public.group_members enable row level security;
alter table public.posts enable row level security;
grant select on public.groups, public.posts, public.group_members to authenticated;
grant insert (group_id, user_id) on public.group_members to authenticated;
grant delete on public.group_members to authenticated;
create policy "groups" on public.groups for select to authenticated
using ((is_open and (select private.is_approved())) or id in (select hidden.my_groups()));
create policy "members of own groups" on public.group_members for select to authenticated
using (group_id in (select hidden.my_groups()));
create policy "join open groups" on public.group_members for insert to authenticated
with check (user_id = (select auth.uid()) and hidden.is_open(group_id));
create policy "leave" on public.group_members for delete to authenticated using (user_id = (select auth.uid()));
create policy "posts of own groups" on public.posts for select to authenticated
using (group_id in (select hidden.my_groups()));

-- Tasks that nobody has yet are for whoever takes them, with all that belongs to them.
create table public.tasks (
    id uuid primary key default gen_random_uuid(),
    worker_id uuid references public.profiles (id) on delete set null,
    title text
);
create index on public.tasks (worker_id);
create table public.task_notes (
    id uuid primary key default gen_random_uuid(),
    task_id uuid not null references public.tasks (id) on delete cascade,
    content text
);
create index on public.task_notes (task_id);
with made as (
    insert into public.tasks (worker_id, title)
    select case when n % 2 = 0 then '00000000-0000-4000-8000-000000000003'::uuid end, 'a task' from generate_series(1, 8) as n
    returning id
)
insert into public.task_notes (task_id, content) select id, 'a note' from made;
alter table public.tasks enable row level security;
alter table public.task_notes enable row level security;
grant select, update (worker_id) on public.tasks to authenticated;
grant select on public.task_notes to authenticated;
create policy "own and free tasks" on public.tasks for select to authenticated
using ((select private.is_approved()) and (worker_id is null or worker_id = (select auth.uid())));
create policy "take and give back" on public.tasks for update to authenticated
using ((select private.is_approved()) and (worker_id is null or worker_id = (select auth.uid())))
with check (worker_id is null or worker_id = (select auth.uid()));
create policy "notes of own tasks" on public.task_notes for select to authenticated
using (exists (select from public.tasks t where t.id = task_id and t.worker_id = (select auth.uid())));

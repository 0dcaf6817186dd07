begin;
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke execute on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;

create table public.agents (
    user_id uuid primary key references auth.users (id) on delete cascade,
    name text not null
);
create table public.tickets (
    id uuid primary key default gen_random_uuid(),
    opened_by uuid not null default auth.uid() references auth.users (id) on delete cascade,
    agent_id uuid references public.agents (user_id) on delete set null,
    subject text not null,
    status text not null default 'open' check (status in ('open', 'waiting', 'solved')),
    priority smallint not null default 3 check (priority between 1 and 5),
    created_at timestamptz not null default now()
);
create index on public.tickets (opened_by);
create index on public.tickets (agent_id);

create table public.replies (
    id bigint generated always as identity primary key,
    ticket_id uuid not null references public.tickets (id) on delete cascade,
    author_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    body text not null,
    is_internal boolean not null default false,
    created_at timestamptz not null default now()
);
create index on public.replies (ticket_id);
create index on public.replies (author_id);

create function public.is_agent() returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.agents a where a.user_id = (select auth.uid()))
$$;
grant execute on function public.is_agent() to authenticated;

alter table public.agents enable row level security;
alter table public.tickets enable row level security;
alter table public.replies enable row level security;

grant select on public.agents, public.tickets, public.replies to authenticated;
grant insert (subject, priority) on public.tickets to authenticated;
grant insert (ticket_id, body, is_internal) on public.replies to authenticated;
grant update (agent_id, status, priority) on public.tickets to authenticated;

create policy agents_own on public.agents for select to authenticated
    using (user_id = (select auth.uid()) or (select public.is_agent()));
create policy tickets_read on public.tickets for select to authenticated
    using (opened_by = (select auth.uid()) or (select public.is_agent()));
create policy tickets_open on public.tickets for insert to authenticated
    with check (opened_by = (select auth.uid()));
create policy tickets_work on public.tickets for update to authenticated
    using ((select public.is_agent())) with check ((select public.is_agent()));
create policy replies_read on public.replies for select to authenticated
    using ((select public.is_agent()) or (not is_internal
        and ticket_id in (select t.id from public.tickets t where t.opened_by = (select auth.uid()))));
create policy replies_write on public.replies for insert to authenticated
    with check (author_id = (select auth.uid()) and ((select public.is_agent()) or (not is_internal
        and ticket_id in (select t.id from public.tickets t where t.opened_by = (select auth.uid())))));
commit;

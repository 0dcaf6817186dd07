-- A magazine that everybody reads and few write. Readers may have an account.
create schema if not exists internal;
revoke all on schema internal from public;
grant usage on schema internal to anon, authenticated, service_role;
alter default privileges for role postgres revoke execute on functions from public;
alter default privileges for role postgres in schema public revoke execute on functions from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated;

create type public.visibility as enum ('public', 'members', 'hidden');
create type public.link as (label text, target text);
create domain public.handle as varchar(24) check (value ~ '^[a-z][a-z0-9_]{2,23}$');
create domain public.short_text as text not null check (value <> '' and char_length(value) <= 280);

-- The author's own key is a number; the account is beside it.
create table public.authors (
    id serial primary key,
    user_id uuid unique references auth.users (id) on delete set null,
    handle public.handle not null unique,
    bio public.short_text,
    links public.link[] not null default '{}',
    is_editor boolean not null default false,
    hidden_note text,
    featured_post_id bigint,
    joined date not null default current_date check (joined >= '2015-01-01')
);

create table public.subscribers (
    "ID" uuid primary key references auth.users (id) on delete cascade,
    "eMail" text not null unique check ("eMail" = lower("eMail") and position('@' in "eMail") > 1),
    "user" text not null default current_user,
    level smallint not null default 0 check (level in (0, 1, 2)),
    since timestamptz not null default now(),
    paid_until timestamptz,
    unsubscribed_at timestamptz,
    constraint "ends after it begins" check (paid_until > since and coalesce(unsubscribed_at > since, true))
);

create function internal.author_id() returns integer
    language sql stable security definer set search_path = '' as $$
    select a.id from public.authors a where a.user_id = (select auth.uid())
$$;
create function internal.is_editor() returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.authors a where a.user_id = (select auth.uid()) and a.is_editor)
$$;
create function internal.is_subscriber() returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.subscribers s where s."ID" = (select auth.uid()) and s.paid_until > now()
    )
$$;
grant execute on all functions in schema internal to anon, authenticated, service_role;

alter table public.authors enable row level security;
alter table public.subscribers enable row level security;
grant select (id, handle, bio, links, featured_post_id, joined) on public.authors to anon, authenticated;
grant update (bio, links) on public.authors to authenticated;
grant select on public.subscribers to authenticated;
grant update ("eMail", unsubscribed_at) on public.subscribers to authenticated;
create policy authors_read on public.authors for select to anon, authenticated using (true);
create policy authors_edit on public.authors for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy subscribers_read on public.subscribers for select to authenticated using ("ID" = (select auth.uid()));
create policy subscribers_edit on public.subscribers for update to authenticated
    using ("ID" = (select auth.uid())) with check ("ID" = (select auth.uid()));

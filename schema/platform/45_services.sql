-- Schemas of Supabase's other services: realtime, database webhooks, the CLI's migrations, connection pooling.
-- Sources: https://supabase.com/docs/guides/realtime/authorization
--          https://supabase.com/docs/guides/realtime/broadcast#broadcast-from-the-database
--          https://github.com/supabase/realtime/tree/main/lib/realtime/tenants/repo/migrations
--          https://supabase.com/docs/guides/database/webhooks

create schema if not exists realtime;
alter schema realtime owner to supabase_admin;
grant usage on schema realtime to postgres, anon, authenticated, service_role;
grant all on schema realtime to supabase_realtime_admin;

-- The service has a partition for each day; one for all of them does as well where nothing is cleared away.
create table if not exists realtime.messages (
    topic text not null,
    extension text not null,
    payload jsonb,
    event text,
    private boolean default false,
    updated_at timestamp not null default now(),
    inserted_at timestamp not null default now(),
    id uuid not null default gen_random_uuid(),
    binary_payload bytea,
    primary key (id, inserted_at)
) partition by range (inserted_at);
create table if not exists realtime.messages_default partition of realtime.messages default;
alter table realtime.messages owner to supabase_realtime_admin;
alter table realtime.messages_default owner to supabase_realtime_admin;
alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to postgres, anon, authenticated, service_role;

create type realtime.equality_op as enum ('eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'in', 'like', 'ilike', 'is', 'match',
    'imatch', 'isdistinct');
create type realtime.user_defined_filter as (column_name text, op realtime.equality_op, value text, negate boolean);
create type realtime.action as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'ERROR');

create or replace function realtime.to_regrole(role_name text) returns regrole language sql immutable as $$
    select role_name::regrole
$$;

create table if not exists realtime.subscription (
    id bigint not null generated always as identity primary key,
    subscription_id uuid not null,
    entity regclass not null,
    filters realtime.user_defined_filter[] not null default '{}',
    claims jsonb not null,
    claims_role regrole not null generated always as (realtime.to_regrole(claims ->> 'role')) stored,
    created_at timestamp not null default timezone('utc', now()),
    action_filter text default '*',
    selected_columns text[]
);
create table if not exists realtime.schema_migrations (
    version bigint not null primary key,
    inserted_at timestamp(0)
);
grant select on realtime.subscription, realtime.schema_migrations to postgres, anon, authenticated, service_role;

-- What a policy on realtime.messages asks: whose channel it is.
create or replace function realtime.topic() returns text language sql stable as $$
    select nullif(current_setting('realtime.topic', true), '')
$$;

-- A broadcast is a row that somebody subscribed to reads. That it could not be sent is a warning, as at the provider.
create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language plpgsql as $$
declare
    message constant uuid := gen_random_uuid();
begin
    perform set_config('realtime.topic', topic, true);
    insert into realtime.messages (id, payload, event, topic, private, extension)
    values (
        message, case when payload ? 'id' then payload else payload || jsonb_build_object('id', message) end,
        event, topic, private, 'broadcast'
    );
exception when others then
    raise warning 'a broadcast could not be sent: %', sqlerrm;
end
$$;

create or replace function realtime.send_binary(payload bytea, event text, topic text, private boolean default true)
returns void language plpgsql as $$
begin
    perform set_config('realtime.topic', topic, true);
    insert into realtime.messages (binary_payload, event, topic, private, extension)
    values (payload, event, topic, private, 'broadcast');
exception when others then
    raise warning 'a broadcast could not be sent: %', sqlerrm;
end
$$;

create or replace function realtime.broadcast_changes(
    topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record,
    level text default 'ROW'
)
returns void language plpgsql as $$
begin
    if level = 'STATEMENT' then
        raise exception 'changes are broadcast by triggers for each row, not for each statement';
    end if;
    if operation not in ('INSERT', 'UPDATE', 'DELETE') then
        raise exception 'changes are inserts, updates and deletes, not %', operation;
    end if;
    perform realtime.send(
        jsonb_build_object(
            'old_record', old, 'record', new, 'operation', operation, 'table', table_name, 'schema', table_schema
        ), event_name, topic_name
    );
end
$$;
alter function realtime.topic() owner to supabase_realtime_admin;

create schema if not exists supabase_functions;
alter schema supabase_functions owner to supabase_admin;
grant usage on schema supabase_functions to postgres, anon, authenticated, service_role;
grant all on schema supabase_functions to supabase_functions_admin;
create table if not exists supabase_functions.migrations (
    version text not null primary key,
    inserted_at timestamptz not null default now()
);
create table if not exists supabase_functions.hooks (
    id bigserial primary key,
    hook_table_id integer not null,
    hook_name text not null,
    created_at timestamptz not null default now(),
    request_id bigint
);
create index if not exists supabase_functions_hooks_request_id_idx on supabase_functions.hooks (request_id);
create index if not exists supabase_functions_hooks_h_table_id_h_name_idx
    on supabase_functions.hooks (hook_table_id, hook_name);

-- Trigger arguments: URL, method, headers, parameters, time limit. Nothing is called; what would have been is written down.
create or replace function supabase_functions.http_request() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_nargs < 2 or coalesce(tg_argv[0], 'null') = 'null' then
        raise exception 'url argument is missing';
    end if;
    if coalesce(tg_argv[1], 'null') not in ('GET', 'POST') then
        raise exception 'method argument % is invalid', tg_argv[1];
    end if;
    insert into supabase_functions.hooks (hook_table_id, hook_name) values (tg_relid::bigint::integer, tg_name);
    return new;
end
$$;
alter table supabase_functions.migrations owner to supabase_functions_admin;
alter table supabase_functions.hooks owner to supabase_functions_admin;
alter function supabase_functions.http_request() owner to supabase_functions_admin;
grant all on all tables in schema supabase_functions to postgres, anon, authenticated, service_role;
grant all on all sequences in schema supabase_functions to postgres, anon, authenticated, service_role;

-- Source: https://supabase.com/docs/reference/cli/supabase-migration-list
create schema if not exists supabase_migrations;
alter schema supabase_migrations owner to postgres;
create table if not exists supabase_migrations.schema_migrations (
    version text not null primary key,
    statements text[],
    name text,
    created_by text,
    idempotency_key text unique,
    rollback text[]
);
create table if not exists supabase_migrations.seed_files (path text not null primary key, hash text not null);
alter table supabase_migrations.schema_migrations owner to postgres;
alter table supabase_migrations.seed_files owner to postgres;

create schema if not exists pgbouncer;
alter schema pgbouncer owner to pgbouncer;
create or replace function pgbouncer.get_auth(p_usename text) returns table (username text, password text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select rolname::text, null::text from pg_catalog.pg_roles where rolname = p_usename and rolcanlogin
$$;
revoke all on function pgbouncer.get_auth(text) from public, service_role;
grant execute on function pgbouncer.get_auth(text) to pgbouncer;

-- Collations that a server without ICU, or of a machine without that locale, does not have: by name, with code point order.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['en_US.UTF-8', 'en_US.utf8', 'en_US', 'C.UTF-8', 'C.utf8', 'en-x-icu', 'en-US-x-icu',
        'und-x-icu', 'unicode', 'ucs_basic', 'de-x-icu', 'fr-x-icu', 'es-x-icu', 'sv-x-icu', 'pt-BR-x-icu', 'nl-x-icu']
    loop
        if not exists (
            select from pg_catalog.pg_collation c
            where c.collname = wanted and c.collnamespace = 'pg_catalog'::pg_catalog.regnamespace
            and c.collencoding in (-1, (select encoding from pg_catalog.pg_database where datname = current_database()))
        ) then
            execute format('create collation pg_catalog.%I (locale = ''C'')', wanted);
        end if;
    end loop;
end
$$;

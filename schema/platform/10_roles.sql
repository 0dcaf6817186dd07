-- The roles that every Supabase project has, with Supabase's attributes.
-- Source: https://supabase.com/docs/guides/database/postgres/roles
-- Run by the bootstrap superuser (supabase_admin). A role that is already there keeps its attributes, so that an image
-- that brings its own roles is not changed.

do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (values
            ('postgres', 'login createdb createrole replication bypassrls'),
            ('anon', 'nologin noinherit'),
            ('authenticated', 'nologin noinherit'),
            ('service_role', 'nologin noinherit bypassrls'),
            ('authenticator', 'login noinherit'),
            ('supabase_auth_admin', 'login noinherit createrole'),
            ('supabase_storage_admin', 'login noinherit createrole'),
            ('dashboard_user', 'nologin createdb createrole replication')
        ) as roles (name, attributes)
        where not exists (select from pg_catalog.pg_roles r where r.rolname = roles.name)
    loop
        execute format('create role %I %s', wanted.name, wanted.attributes);
    end loop;
end
$$;

grant anon, authenticated, service_role to authenticator;

-- With admin option, because from PostgreSQL 16 on `alter role authenticator set pgrst.db_schemas = ...` needs it.
-- The others, because the platform does so from that version on.
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres with admin option;

-- On Supabase an extension of the server (supautils) lets postgres make policies and triggers on the tables of auth and
-- storage. Membership of their owners is the nearest that PostgreSQL itself offers; it allows a little more.
grant supabase_auth_admin, supabase_storage_admin to postgres;

-- supautils also lets postgres set these, which PostgreSQL keeps for superusers.
-- Sources: https://supabase.com/docs/guides/database/custom-postgres-config
--          https://docs.postgrest.org/en/stable/references/configuration.html (in-database configuration)
grant set on parameter
    log_lock_waits, log_min_duration_statement, log_min_messages, log_statement, log_temp_files,
    session_replication_role, track_io_timing, wal_compression,
    auto_explain.log_analyze, auto_explain.log_min_duration, auto_explain.log_nested_statements,
    pg_stat_statements.track,
    pgrst.db_aggregates_enabled, pgrst.db_anon_role, pgrst.db_extra_search_path, pgrst.db_max_rows,
    pgrst.db_plan_enabled, pgrst.db_pre_request, pgrst.db_root_spec, pgrst.db_schemas, pgrst.db_tx_end,
    pgrst.openapi_mode, pgrst.server_timing_enabled
to postgres;

-- Source: https://supabase.com/docs/guides/database/postgres/timeouts
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = 'auth';
alter role supabase_storage_admin set search_path = 'storage';
alter role postgres set search_path = "$user", public, extensions;

do $$
begin
    execute format('alter database %I owner to postgres', current_database());
    execute format('alter database %I set search_path = "$user", public, extensions', current_database());
end
$$;

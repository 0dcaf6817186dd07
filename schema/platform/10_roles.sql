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
            ('dashboard_user', 'nologin createdb createrole replication'),
            ('pgbouncer', 'login'),
            ('supabase_etl_admin', 'login replication'),
            ('supabase_functions_admin', 'login noinherit createrole'),
            ('supabase_read_only_user', 'login bypassrls'),
            ('supabase_realtime_admin', 'nologin noinherit'),
            ('supabase_replication_admin', 'login replication'),
            -- What pgsodium and pg_tle bring; roles do not belong to an extension, and dumps grant to them.
            ('pgsodium_keyholder', 'nologin'),
            ('pgsodium_keyiduser', 'nologin'),
            ('pgsodium_keymaker', 'nologin'),
            ('pgtle_admin', 'nologin')
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
grant pgsodium_keyholder, pgsodium_keyiduser, pgsodium_keymaker, pgtle_admin to postgres with admin option;
grant pg_read_all_data to supabase_etl_admin, supabase_read_only_user;
grant pg_monitor to supabase_etl_admin;

-- On Supabase an extension of the server (supautils) lets postgres make and drop policies and triggers on tables of auth,
-- storage and realtime. Membership of their owners is the nearest that PostgreSQL itself offers; what it allows beyond
-- that, 90_guard.sql refuses.
-- Source: https://github.com/supabase/supautils (policy_grants, drop_trigger_grants)
grant supabase_auth_admin, supabase_storage_admin, supabase_realtime_admin, supabase_functions_admin to postgres;

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
    pgrst.openapi_mode, pgrst.server_timing_enabled,
    pg_net.batch_size, pg_net.ttl, pgaudit.log, pgaudit.log_catalog, pgaudit.log_level, pgaudit.log_parameter,
    pgaudit.log_relation, pgaudit.log_statement_once, pgaudit.role, plan_filter.statement_cost_limit, safeupdate.enabled
to postgres;

-- Source: https://supabase.com/docs/guides/database/postgres/timeouts
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = 'auth';
alter role supabase_storage_admin set search_path = 'storage';
alter role supabase_functions_admin set search_path = 'supabase_functions';
alter role postgres set search_path = "$user", public, extensions;

do $$
begin
    execute format('alter database %I owner to postgres', current_database());
    execute format('alter database %I set search_path = "$user", public, extensions', current_database());
end
$$;

-- What Supabase refuses role postgres is refused here: changing what the platform's schemas hold, and creating in them.
-- Membership of the owners (10_roles.sql) is for policies, triggers, comments and grants only. Services that log in as
-- these owners, and superusers, do as they like.
-- Sources: https://github.com/supabase/supautils
--          https://github.com/orgs/supabase/discussions/34270 (restrictions on auth, storage and realtime)

create or replace function pg_catalog.guard_platform() returns event_trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    kept constant text[] := array['auth', 'storage', 'realtime', 'supabase_functions'];
    services constant text[] := array[
        'supabase_auth_admin', 'supabase_storage_admin', 'supabase_realtime_admin', 'supabase_functions_admin'
    ];
    touched record;
begin
    if session_user = any (services)
        or (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user)
    then
        return;
    end if;
    if tg_event = 'ddl_command_end' then
        for touched in
            select c.command_tag, c.object_type, c.object_identity
            from pg_catalog.pg_event_trigger_ddl_commands() c
            where (
                c.schema_name = any (kept)
                or (c.object_type = 'schema' and c.object_identity = any (kept))
                or (c.object_type = 'rule' and c.object_identity ~ (' on (' || pg_catalog.array_to_string(kept, '|') || ')\.'))
                -- Renamed or moved, it is still a service's; what is temporary is its session's alone.
                or c.schema_name is distinct from 'pg_temp' and pg_catalog.pg_get_userbyid(
                    case c.classid
                        when 'pg_catalog.pg_class'::pg_catalog.regclass
                            then (select r.relowner from pg_catalog.pg_class r where r.oid = c.objid)
                        when 'pg_catalog.pg_proc'::pg_catalog.regclass
                            then (select p.proowner from pg_catalog.pg_proc p where p.oid = c.objid)
                        when 'pg_catalog.pg_type'::pg_catalog.regclass
                            then (select t.typowner from pg_catalog.pg_type t where t.oid = c.objid)
                        when 'pg_catalog.pg_namespace'::pg_catalog.regclass
                            then (select n.nspowner from pg_catalog.pg_namespace n where n.oid = c.objid)
                    end
                ) = any (services)
            )
            and c.command_tag not in (
                'CREATE POLICY', 'ALTER POLICY', 'CREATE TRIGGER', 'ALTER TRIGGER', 'COMMENT', 'SECURITY LABEL',
                'GRANT', 'REVOKE'
            )
            -- Row level security is on already; older projects say so once more.
            and not (
                c.command_tag = 'ALTER TABLE' and c.schema_name in ('storage', 'realtime')
                and pg_catalog.current_query() ~* 'enable\s+row\s+level\s+security'
                and (select t.relrowsecurity from pg_catalog.pg_class t where t.oid = c.objid)
            )
        loop
            if touched.command_tag like 'CREATE %' then
                raise exception 'permission denied for schema %', pg_catalog.split_part(touched.object_identity, '.', 1)
                    using errcode = 'insufficient_privilege', detail = touched.command_tag || ' ' || touched.object_identity;
            end if;
            raise exception 'must be owner of % %', touched.object_type, touched.object_identity
                using errcode = 'insufficient_privilege', detail = touched.command_tag;
        end loop;
    else
        for touched in
            select d.object_type, d.object_identity
            from pg_catalog.pg_event_trigger_dropped_objects() d
            where d.original and d.object_type not in ('policy', 'trigger')
            and (d.schema_name = any (kept) or (d.object_type = 'schema' and d.object_name = any (kept)))
        loop
            raise exception 'must be owner of % %', touched.object_type, touched.object_identity
                using errcode = 'insufficient_privilege', detail = 'DROP';
        end loop;
    end if;
end
$$;
create event trigger guard_platform on ddl_command_end execute function pg_catalog.guard_platform();
create event trigger guard_platform_drops on sql_drop execute function pg_catalog.guard_platform();

-- At the provider role postgres makes event triggers, which fire for everybody but superusers and the provider's own roles.
-- Where a superuser can switch them off for himself, ours never run one. The role gets what it asked for, and owns it.
-- Sources: https://github.com/supabase/supautils (event triggers)
--          https://www.postgresql.org/docs/current/sql-createeventtrigger.html
create or replace function pg_catalog.create_event_trigger(
    called text, on_event text, tags text[], executes pg_catalog.regprocedure
) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp set allow_system_table_mods = on as $$
begin
    if pg_catalog.current_setting('server_version_num')::integer < 170000 then
        raise insufficient_privilege using message = 'permission denied to create event trigger';
    end if;
    if not pg_catalog.has_function_privilege('postgres', executes::pg_catalog.oid, 'execute') then
        raise insufficient_privilege using message = pg_catalog.format('permission denied for function %s', executes);
    end if;
    execute pg_catalog.format(
        'create event trigger %I on %I %s execute function %s', called, on_event,
        'when tag in (' || (select pg_catalog.string_agg(pg_catalog.quote_literal(t), ', ') from unnest(tags) as t) || ')',
        executes);
    update pg_catalog.pg_event_trigger set evtowner = 'postgres'::pg_catalog.regrole where evtname = called;
end
$$;
revoke all on function pg_catalog.create_event_trigger from public;
grant execute on function pg_catalog.create_event_trigger to postgres;

-- Schema extensions with what Supabase installs from the beginning. Where the server lacks one, or its own needs to be
-- preloaded, it is a stand-in of ours (extensions/, manifest.toml): for made-up data on disposable servers only.
-- Source: https://supabase.com/docs/guides/database/extensions

create schema if not exists extensions;
alter schema extensions owner to postgres;
grant usage on schema extensions to anon, authenticated, service_role, dashboard_user;
create schema if not exists graphql;
create schema if not exists graphql_public;
create schema if not exists pgsodium;
create schema if not exists vault;
grant usage on schema graphql_public to postgres, anon, authenticated, service_role;

-- pg_graphql is there when a project creates it; since May 2026 new projects begin without it. Until then its function
-- says so. Source: https://supabase.com/docs/guides/graphql
create or replace function graphql_public.graphql(
    "operationName" text default null, query text default null, variables jsonb default null, extensions jsonb default null
) returns jsonb language sql set search_path = '' as $$
    select pg_catalog.jsonb_build_object(
        'errors', pg_catalog.jsonb_build_array(
            pg_catalog.jsonb_build_object('message', 'pg_graphql extension is not enabled.')))
$$;

-- Roles create extensions as at the provider: who created one may move and drop it. What is in it belongs to the
-- superuser, and ALTER EXTENSION ... SET SCHEMA would fail where Supabase lets it through. So before that command what is
-- in a relocatable extension is handed over to whom it belongs, unless some function of it is closed to the public (as
-- dblink_connect_u is): its owner could open it.
-- Sources: https://www.postgresql.org/docs/current/sql-alterextension.html
--          https://github.com/supabase/supautils (privileged_extensions)
create or replace function pg_catalog.hand_over_extensions() returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    statement text;
begin
    for statement in
        with extension as (
            select x.oid, x.extowner
            from pg_catalog.pg_extension x
            where x.extrelocatable and x.extowner <> 10
            and not exists (
                select from pg_catalog.pg_depend d
                join pg_catalog.pg_proc p on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and p.oid = d.objid
                where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.refobjid = x.oid
                and d.deptype = 'e' and (p.proacl is not null or p.prosecdef)
            )
        ), member as (
            select x.extowner, d.classid, d.objid
            from extension x
            join pg_catalog.pg_depend d on d.refobjid = x.oid and d.deptype = 'e'
            and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
        )
        select pg_catalog.format(
            'alter %s %s owner to %I', kind, (pg_catalog.pg_identify_object(m.classid, m.objid, 0)).identity,
            pg_catalog.pg_get_userbyid(m.extowner)
        )
        from member m
        join (
            select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid,
                case p.prokind when 'a' then 'aggregate' when 'p' then 'procedure' else 'function' end, p.proowner
            from pg_catalog.pg_proc p
            union all
            select 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, 'operator', o.oprowner
            from pg_catalog.pg_operator o
            union all
            select 'pg_catalog.pg_opclass'::pg_catalog.regclass, c.oid, 'operator class', c.opcowner
            from pg_catalog.pg_opclass c
            union all
            select 'pg_catalog.pg_opfamily'::pg_catalog.regclass, f.oid, 'operator family', f.opfowner
            from pg_catalog.pg_opfamily f
            union all
            select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 'type', t.typowner
            from pg_catalog.pg_type t
            left join pg_catalog.pg_class r on r.oid = t.typrelid
            where coalesce(r.relkind = 'c', true)
            and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)
            union all
            select 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid,
                case c.relkind when 'v' then 'view' else 'table' end, c.relowner
            from pg_catalog.pg_class c
            where c.relkind in ('r', 'p', 'v')
        ) as owned (class, oid, kind, owner) on owned.class = m.classid and owned.oid = m.objid and owned.owner = 10
    loop
        execute statement;
    end loop;
end
$$;
create or replace function pg_catalog.before_alter_extension() returns event_trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    -- An extension's own script says ALTER EXTENSION, too, and runs as the superuser.
    if not (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user) then
        perform pg_catalog.hand_over_extensions();
    end if;
end
$$;
create event trigger before_alter_extension on ddl_command_start when tag in ('ALTER EXTENSION')
    execute function pg_catalog.before_alter_extension();

-- A foreign-data wrapper stays the superuser's, as it must; who created its extension can make servers of it.
create or replace function pg_catalog.open_wrappers() returns event_trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    statement text;
begin
    for statement in
        select pg_catalog.format(
            'grant usage on foreign data wrapper %I to %I with grant option', w.fdwname, pg_catalog.pg_get_userbyid(x.extowner)
        )
        from pg_catalog.pg_foreign_data_wrapper w
        join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass
            and d.objid = w.oid and d.deptype = 'e'
        join pg_catalog.pg_extension x on x.oid = d.refobjid and x.extowner <> 10
        where w.fdwacl is null
    loop
        execute statement;
    end loop;
end
$$;
create event trigger open_wrappers on ddl_command_end when tag in ('CREATE EXTENSION')
    execute function pg_catalog.open_wrappers();

-- At the provider role postgres makes a wrapper of a handler that the extension wrappers brings, under any name. Ours has
-- no handler, and who asked for it can make servers of it.
-- Source: https://supabase.com/docs/guides/database/extensions/wrappers/overview
create or replace function pg_catalog.create_foreign_data_wrapper(called text, handled_by text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (
        select from pg_catalog.pg_proc p
        join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
            and d.deptype = 'e'
        join pg_catalog.pg_extension x on x.oid = d.refobjid and x.extname = 'wrappers'
        where p.proname = pg_catalog.regexp_replace(handled_by, '_handler$', '_validator')
    ) then
        raise insufficient_privilege using message = pg_catalog.format(
            'permission denied to create foreign-data wrapper "%s"', called);
    end if;
    -- The extension brings one for each of its handlers here, so that one of the usual name is there already.
    if not exists (
        select from pg_catalog.pg_foreign_data_wrapper w
        join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass
            and d.objid = w.oid and d.deptype = 'e'
        where w.fdwname = called
    ) then
        execute pg_catalog.format('create foreign data wrapper %I', called);
        execute pg_catalog.format('grant usage on foreign data wrapper %I to postgres with grant option', called);
    end if;
end
$$;
revoke all on function pg_catalog.create_foreign_data_wrapper from public;
grant execute on function pg_catalog.create_foreign_data_wrapper to postgres;

do $$
declare
    wanted record;
begin
    for wanted in
        select w.*
        from (values
            ('pgcrypto', 'extensions'), ('uuid-ossp', 'extensions'), ('supabase_vault', 'vault'),
            -- Without its library in shared_preload_libraries the view would exist and raise an error at every look.
            (case when current_setting('shared_preload_libraries') ~ '\mpg_stat_statements\M'
                then 'pg_stat_statements' end, 'extensions')
        ) as w (name, place)
        join pg_catalog.pg_available_extensions a on a.name = w.name
    loop
        set local role postgres;
        execute format('create extension if not exists %I with schema %I', wanted.name, wanted.place);
        reset role;
    end loop;
end
$$;

-- What an extension closes to the public is open to role postgres there, who can open it to others.
-- Source: the grants in dumps of its databases (GRANT ALL ON FUNCTION extensions... TO postgres WITH GRANT OPTION)
do $$
declare
    closed text;
begin
    for closed in
        select p.oid::pg_catalog.regprocedure
        from pg_catalog.pg_proc p
        where p.pronamespace = 'extensions'::pg_catalog.regnamespace and p.proacl is not null
        and not pg_catalog.has_function_privilege('postgres', p.oid, 'execute with grant option')
    loop
        execute format('grant execute on function %s to postgres with grant option', closed);
    end loop;
end
$$;

-- pg_tle: what is installed is written down; it does not become an extension that could be created.
-- Source: https://supabase.com/docs/guides/database/extensions/pg_tle

create table pgtle._installed (
    name text not null, version text not null, description text, script text, requires text[], is_default boolean,
    primary key (name, version)
);
create type pgtle.password_types as enum ('PASSWORD_TYPE_PLAINTEXT', 'PASSWORD_TYPE_MD5', 'PASSWORD_TYPE_SCRAM_SHA_256');
create type pgtle.pg_tle_features as enum ('passcheck', 'clientauth');
create function pgtle.install_extension(
    name text, version text, description text, ext text, requires text[] default null, encoding text default null
) returns boolean language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    -- A version that was asked for over the network is not known here.
    insert into pgtle._installed (name, version, description, script, requires, is_default)
    values (name, coalesce(version, '0'), description, ext, requires, true)
    returning true
$$;
create function pgtle.install_extension_version_sql(name text, version text, ext text) returns boolean
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    insert into pgtle._installed (name, version, script, is_default) values (name, version, ext, false) returning true
$$;
create function pgtle.install_update_path(name text, fromvers text, tovers text, ext text) returns boolean
    language sql set search_path = '' return true;
create function pgtle.set_default_version(name text, version text) returns boolean
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update pgtle._installed i set is_default = i.version = set_default_version.version
    where i.name = set_default_version.name;
    select true
$$;
create function pgtle.uninstall_extension(extname text) returns boolean
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    delete from pgtle._installed where name = extname;
    select true
$$;
create function pgtle.uninstall_extension(extname text, version text) returns boolean
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    delete from pgtle._installed i where i.name = extname and i.version = uninstall_extension.version;
    select true
$$;
create function pgtle.uninstall_extension_if_exists(extname text) returns boolean language sql set search_path = '' as $$
    select pgtle.uninstall_extension(extname)
$$;
create function pgtle.available_extensions(out name name, out default_version text, out comment text)
    returns setof record language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select name, version, description from pgtle._installed where is_default
$$;
create function pgtle.available_extension_versions(
    out name name, out version text, out superuser boolean, out trusted boolean, out relocatable boolean,
    out schema name, out requires name[], out comment text
) returns setof record language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select name, version, false, true, false, null::pg_catalog.name, requires::pg_catalog.name[], description
    from pgtle._installed
$$;
do $$
declare
    routine pg_catalog.regprocedure;
begin
    for routine in select oid from pg_catalog.pg_proc where pronamespace = 'pgtle'::pg_catalog.regnamespace loop
        execute pg_catalog.format('revoke all on function %s from public', routine);
        execute pg_catalog.format('grant execute on function %s to pgtle_admin', routine);
    end loop;
end
$$;
grant usage on schema pgtle to pgtle_admin;
grant execute on function pgtle.available_extensions() to public;

-- pg_graphql: its functions are there; a query gets an error as its answer, in GraphQL's own form.
-- Sources: https://supabase.com/docs/guides/graphql
--          https://supabase.github.io/pg_graphql/sql_interface/

create sequence graphql.seq_schema_version as integer cycle;
create function graphql.get_schema_version() returns integer
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select last_value::pg_catalog.int4 from graphql.seq_schema_version
$$;
create function graphql.increment_schema_version() returns event_trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_catalog.nextval('graphql.seq_schema_version');
end
$$;
create function graphql.comment_directive(comment_ text) returns jsonb language sql immutable set search_path = ''
    return coalesce(substring(comment_ from '@graphql\((.*)\)')::jsonb, '{}'::jsonb);
create function graphql.exception(message text) returns text language plpgsql set search_path = '' as $$
begin
    raise exception using errcode = '22000', message = message;
end
$$;
create function graphql._internal_resolve(
    query text, variables jsonb default '{}', "operationName" text default null, extensions jsonb default null
) returns jsonb language sql stable set search_path = ''
    return pg_catalog.jsonb_build_object(
        'data', null, 'errors', pg_catalog.jsonb_build_array(
            pg_catalog.jsonb_build_object('message', 'pg_graphql is stood in for: this server answers no query')));
create function graphql.resolve(
    query text, variables jsonb default '{}', "operationName" text default null, extensions jsonb default null
) returns jsonb language sql stable set search_path = ''
    return graphql._internal_resolve(query, variables, "operationName", extensions);

do $$
begin
    if pg_catalog.to_regnamespace('graphql_public') is null then
        create schema graphql_public;
        grant usage on schema graphql_public to postgres, anon, authenticated, service_role;
    end if;
end
$$;
-- The platform's own says only that the extension is not there.
drop function if exists graphql_public.graphql(text, text, jsonb, jsonb);
create function graphql_public.graphql(
    "operationName" text default null, query text default null, variables jsonb default null, extensions jsonb default null
) returns jsonb language sql set search_path = ''
    return graphql.resolve(query, coalesce(variables, '{}'), "operationName", extensions);

grant usage on schema graphql to postgres, anon, authenticated, service_role;
grant all on all sequences in schema graphql to postgres, anon, authenticated, service_role;

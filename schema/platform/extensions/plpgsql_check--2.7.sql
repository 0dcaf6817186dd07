-- plpgsql_check: it has no objections to anything.
-- Source: https://supabase.com/docs/guides/database/extensions/plpgsql_check

create function plpgsql_check_function(
    funcoid regprocedure, relid regclass default 0, format text default 'text', fatal_errors boolean default true,
    other_warnings boolean default true, performance_warnings boolean default false, extra_warnings boolean default true,
    security_warnings boolean default false
) returns setof text language sql as $$ select null::text where false $$;
create function plpgsql_check_function(
    name text, relid regclass default 0, format text default 'text', fatal_errors boolean default true,
    other_warnings boolean default true, performance_warnings boolean default false, extra_warnings boolean default true,
    security_warnings boolean default false
) returns setof text language sql as $$ select null::text where false $$;
create function plpgsql_check_function_tb(
    funcoid regprocedure, relid regclass default 0, fatal_errors boolean default true,
    other_warnings boolean default true, performance_warnings boolean default false, extra_warnings boolean default true,
    security_warnings boolean default false
) returns table (
    functionid regproc, lineno integer, statement text, sqlstate text, message text, detail text, hint text, level text,
    "position" integer, query text, context text
) language sql as $$
    select null::regproc, null::integer, null::text, null::text, null::text, null::text, null::text, null::text,
        null::integer, null::text, null::text
    where false
$$;

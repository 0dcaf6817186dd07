-- pgtap: the functions most used; a test tells whether it passed, without counting.
-- Sources: https://supabase.com/docs/guides/database/extensions/pgtap
--          https://pgtap.org/documentation.html

create function plan(integer) returns text language sql return '1..' || $1;
create function no_plan() returns setof text language sql as $$ select null::text where false $$;
create function finish(exception_on_failure boolean default null) returns setof text language sql as $$
    select null::text where false
$$;
create function ok(boolean, text default '') returns text language sql
return case when $1 then 'ok - ' else 'not ok - ' end || $2;
create function pass(text default '') returns text language sql return ok(true, $1);
create function fail(text default '') returns text language sql return ok(false, $1);
create function diag(variadic text[]) returns text language sql return '# ' || pg_catalog.array_to_string($1, '');
create function skip(text default '', integer default 1) returns text language sql return 'ok # SKIP ' || $1;
create function todo(text default '', integer default 1) returns setof boolean language sql as $$ select null::boolean where false $$;
create function "is"(anyelement, anyelement, text default '') returns text language sql as $$
    select case when $1 is not distinct from $2 then 'ok - ' else 'not ok - ' end || $3
$$;
create function isnt(anyelement, anyelement, text default '') returns text language sql as $$
    select case when $1 is distinct from $2 then 'ok - ' else 'not ok - ' end || $3
$$;
create function matches(anyelement, text, text default '') returns text language sql as $$
    select case when $1::text ~ $2 then 'ok - ' else 'not ok - ' end || $3
$$;
create function has_schema(name, text default '') returns text language sql
return ok(pg_catalog.to_regnamespace(pg_catalog.quote_ident($1)) is not null, $2);
create function has_table(name, name, text default '') returns text language sql
return ok(pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1, $2)) is not null, $3);
create function has_table(name, text default '') returns text language sql
return ok(pg_catalog.to_regclass(pg_catalog.quote_ident($1)) is not null, $2);
create function hasnt_table(name, text default '') returns text language sql
return ok(pg_catalog.to_regclass(pg_catalog.quote_ident($1)) is null, $2);
create function has_view(name, text default '') returns text language sql
return ok(pg_catalog.to_regclass(pg_catalog.quote_ident($1)) is not null, $2);
create function has_function(name, text default '') returns text language sql
return ok(exists (select from pg_catalog.pg_proc where proname = $1), $2);
create function has_column(name, name, name, text default '') returns text language sql
return ok(exists (
    select from pg_catalog.pg_attribute a
    where a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1, $2)) and a.attname = $3
), $4);
create function has_column(name, name, text default '') returns text language sql
return ok(exists (
    select from pg_catalog.pg_attribute a
    where a.attrelid = pg_catalog.to_regclass(pg_catalog.quote_ident($1)) and a.attname = $2
), $3);
create function has_extension(name, text default '') returns text language sql
return ok(exists (select from pg_catalog.pg_extension where extname = $1), $2);
create function policies_are(name, name, name[], text default '') returns text language sql
return ok(not exists (
    select polname from pg_catalog.pg_policy where polrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1, $2))
    except select pg_catalog.unnest($3)
), $4);
create function lives_ok(text, text default '') returns text language plpgsql as $$
begin
    execute $1;
    return 'ok - ' || $2;
exception when others then
    return 'not ok - ' || $2 || ': ' || sqlerrm;
end
$$;
create function throws_ok(text, text default null, text default null, text default '') returns text language plpgsql as $$
begin
    execute $1;
    return 'not ok - ' || $4;
exception when others then
    return 'ok - ' || $4;
end
$$;
create function is_empty(text, text default '') returns text language plpgsql as $$
declare
    found_one boolean;
begin
    execute 'select exists (' || $1 || ')' into found_one;
    return case when found_one then 'not ok - ' else 'ok - ' end || $2;
end
$$;
create function isnt_empty(text, text default '') returns text language plpgsql as $$
declare
    found_one boolean;
begin
    execute 'select exists (' || $1 || ')' into found_one;
    return case when found_one then 'ok - ' else 'not ok - ' end || $2;
end
$$;
create function results_eq(text, text, text default '') returns text language sql
return 'ok # SKIP results_eq is not stood in for: ' || $3;

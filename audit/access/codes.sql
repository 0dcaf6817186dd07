-- Codes that people pass on, after matrix.sql: one is made as good as new, and a function is called with it.

-- Makes some rows of a table as they are when nobody has done anything with them: words and flags are those that new rows
-- have, moments empty; "col" lies ahead, or is empty; an address is "mail". Returns their codes.
create function pg_temp.audit_renew(relation text, code text, col text, ahead boolean, mail text) returns setof text
language plpgsql as $$
declare
    changes text;
    place tid;
begin
    select pg_catalog.string_agg(pg_catalog.format('%I = %s', a.attname, case
               when a.attname = col and (ahead or a.attnotnull) then 'pg_catalog.now() + interval ''10 days'''
               when a.attname = col or (y.typname in ('timestamptz', 'timestamp', 'date')) then 'null'
               when y.typcategory = 'S' and not a.atthasdef then pg_catalog.quote_literal(mail)
               else d.said end), ', ') into changes
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_type y on y.oid = a.atttypid
    -- A literal alone: any other default may be code of the project's.
    left join lateral (
        select case when e.said ~ '^(''([^'']|'''')*''(::[\w. "]+)?|true|false|\d+)$' then e.said end as said
        from pg_catalog.pg_attrdef f, lateral (select pg_catalog.pg_get_expr(f.adbin, f.adrelid) as said) as e
        where f.adrelid = a.attrelid and f.adnum = a.attnum
    ) as d on true
    where a.attrelid = relation::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and a.attname <> code and (
        a.attname = col or (y.typname in ('timestamptz', 'timestamp', 'date') and not a.attnotnull and not a.atthasdef)
        or (y.typcategory = 'S' and a.attname ~* 'e_?mail' and not a.atthasdef and mail is not null)
        or (y.typcategory in ('S', 'E', 'B', 'N') and d.said is not null));
    for place in execute pg_catalog.format('select ctid from %s where %I is not null limit 3', relation, code) loop
        begin
            return query execute pg_catalog.format(
                'update %s set %s where ctid = $1 returning %I::text', relation, changes, code) using place;
        exception
            when integrity_constraint_violation then null;
        end;
    end loop;
end $$;

-- Takes somebody out of some tables, but for a row that has their id for its key.
create function pg_temp.audit_apart(tables text[], me text) returns void language plpgsql as $$
declare
    t record;
begin
    for t in
        select n as name, pg_catalog.format('pg_catalog.jsonb_build_array(%s) <> pg_catalog.jsonb_build_array($1)', (
                   select pg_catalog.string_agg(pg_catalog.format('x.%I::text', a.attname), ', ')
                   from pg_catalog.pg_index i
                   join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey::int2[])
                   where i.indrelid = n::pg_catalog.regclass and i.indisprimary)) as other
        from pg_catalog.unnest(tables) as n
    loop
        execute pg_catalog.format(
            'delete from %s as x where pg_catalog.strpos(pg_catalog.to_jsonb(x.*)::text, $1) > 0 and %s',
            t.name, coalesce(t.other, 'true')) using me;
    end loop;
end $$;

create function pg_temp.audit_naming(tables text[], me text) returns bigint[] language plpgsql as $$
declare
    found bigint[] := '{}';
    n bigint;
    t text;
begin
    foreach t in array tables loop
        execute pg_catalog.format(
            'select pg_catalog.count(*) from %s as x where pg_catalog.strpos(pg_catalog.to_jsonb(x.*)::text, $1) > 0', t)
        into n using me;
        found := found || n;
    end loop;
    return found;
end $$;

-- Which of some tables have more rows that name the caller once they have called, and what of others' private texts the
-- answer holds: "shown" has a list of columns for each table. Undone, unless it is to be kept.
create function pg_temp.audit_redeem(a jsonb, call text, written text[], shown jsonb, kept boolean, out more text[], out told text[])
language plpgsql as $$
declare
    before bigint[] := pg_temp.audit_naming(written, a ->> 'id');
    after bigint[];
    answer jsonb;
    is_told boolean;
    place record;
begin
    more := '{}';
    told := '{}';
    execute a ->> 'claims';
    begin
        begin
            perform pg_temp.audit_act(a ->> 'role', pg_catalog.format(
                'select pg_catalog.set_config(''audit.answer'', coalesce((
                     select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(r)) from (%s) as r)::text, ''null''), true)',
                call), null, false);
        exception
            when insufficient_resources or operator_intervention then raise;
            when others then raise exception using errcode = 'ZZ000';  -- refused, or not to be called like this
        end;
        answer := pg_catalog.current_setting('audit.answer')::jsonb;
        after := pg_temp.audit_naming(written, a ->> 'id');
        more := array(select written[n] from pg_catalog.generate_subscripts(written, 1) as n where after[n] > before[n]);
        for place in
            select t.key as relation, c.name from pg_catalog.jsonb_each(shown) as t
            cross join pg_catalog.jsonb_array_elements_text(t.value) as c (name)
        loop
            execute pg_catalog.format(
                'select exists (select from %1$s as x where pg_catalog.length(x.%2$I::text) > 5 and x.%2$I::text in (
                     select v #>> ''{}'' from pg_catalog.jsonb_path_query($1, ''strict $.** ? (@.type() == "string")'') as v))',
                place.relation, place.name) into is_told using answer;
            if is_told then
                told := told || pg_catalog.format('%s.%I', place.relation, place.name);
            end if;
        end loop;
        if not kept then
            raise exception using errcode = 'ZZ000';
        end if;
    exception
        when sqlstate 'ZZ000' then null;
    end;
end $$;

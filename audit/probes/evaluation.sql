-- Whether there are policies for new files, and "caller" could have put none of the files there that are there.
create function pg_temp.only_by_the_server(caller name) returns boolean language plpgsql as $only$
declare
    file jsonb;
    code text;
begin
    if not exists (select from pg_catalog.pg_policy p
                   where p.polrelid = 'storage.objects'::pg_catalog.regclass and p.polcmd in ('a', '*')) then
        return false;
    end if;
    for file in execute 'select pg_catalog.to_jsonb(o.*) from storage.objects as o limit 20' loop
        select t.code into code from pg_temp.tried(
            'insert into storage.objects (bucket_id, name, owner, owner_id)
             select bucket_id, name, owner, owner_id
             from pg_catalog.jsonb_populate_record(null::storage.objects, $1)', caller, file, null) as t;
        if code is null or code !~ '^22|^42501' then
            return false;
        end if;
    end loop;
    return true;
end $only$;

-- One row for each command on each table with row level security for which "caller" has the privilege; "code" is null
-- where nothing went wrong. Each try is undone by an error of our own. Triggers and foreign keys are off (see below), so
-- that privileges, policies and constraints object, in this order. The search_path is then the API's, "path", as names
-- in functions without one of their own are found by it. No fault are: a new row that is not allowed, a
-- constraint, a function of the project that refuses by RAISE, and one that visitors (anon) may not execute where no
-- other condition could let them in: that is a refusal, too. In an empty table no policy is ever evaluated: its
-- expressions are then tried on a row of nulls.
create function pg_temp.evaluate(caller name, relations text[], path text)
returns table (relation text, command text, code text, message text)
language plpgsql set search_path = '' as $probe$
declare
    target record;
    attempt text;
    sample jsonb;
    place text;
    again text;
begin
    for target in
        select c.oid::pg_catalog.regclass::text as name, c.relname, wanted.command, granted.columns, p.expressions,
               p.closed
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        cross join unnest(array['select', 'insert', 'update', 'delete']) as wanted (command)
        cross join lateral (
            select array_agg(quote_ident(a.attname) order by a.attnum) as columns
            from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
            and a.attidentity <> 'a' and wanted.command <> 'delete'
            and pg_catalog.has_column_privilege(caller, c.oid, a.attnum, wanted.command)
        ) as granted
        cross join lateral (
            select array_agg(e) filter (where e is not null) as expressions,
                   -- One policy, of one condition: whom it does not answer it lets nowhere.
                   count(distinct p.oid) = 1 and bool_and(e is null or e !~* '\mor\M|\mcase\M') as closed
            from pg_catalog.pg_policy p
            cross join unnest(array[pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                                    pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)]) as e
            where p.polrelid = c.oid
            and (p.polcmd = '*' or p.polcmd = case wanted.command
                when 'select' then 'r' when 'insert' then 'a' when 'update' then 'w' else 'd' end::"char")
            and exists (select from unnest(p.polroles) as named
                        where named = 0 or pg_catalog.pg_has_role(caller, named, 'usage'))
        ) as p
        where c.oid::pg_catalog.regclass::text = any (relations)
        and pg_catalog.has_schema_privilege(caller, n.oid, 'usage')
        and case wanted.command when 'delete' then pg_catalog.has_table_privilege(caller, c.oid, 'delete')
            else granted.columns is not null end
        order by 1, 3
    loop
        relation := target.name;
        command := target.command;
        code := null;
        message := null;
        sample := null;
        execute pg_catalog.format('select pg_catalog.to_jsonb(t.*) from %s as t limit 1', target.name) into sample;
        for attempt in
            select case target.command
                when 'select' then pg_catalog.format('select count(%s) from %s', target.columns[1], target.name)
                when 'insert' then pg_catalog.format(
                    'insert into %s (%s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1)',
                    target.name, pg_catalog.array_to_string(target.columns, ', '))
                when 'update' then pg_catalog.format('update %s set %s = null', target.name, target.columns[1])
                else pg_catalog.format('delete from %s', target.name) end
            union all
            select pg_catalog.format('select %s from pg_catalog.jsonb_populate_record(null::%s, ''{}'') as %I',
                                     e, target.name, target.relname)
            from unnest(target.expressions) as e where sample is null
        loop
            perform pg_catalog.set_config('search_path', path, true);
            select t.code, t.message, t.place into code, message, place
            from pg_temp.tried(attempt, caller, coalesce(sample, '{}'), null) as t;
            again := null;
            -- What fails without the policies as well is another's fault: a value of ours, a default, a generated column.
            if code is not null and attempt !~ '^select ' then
                select t.code into again from pg_temp.tried(attempt, null, coalesce(sample, '{}'), null) as t;
            end if;
            -- Nor is a name of a file of ours that no policy for new files would have let in.
            if code ~ '^22' and target.name = 'storage.objects' and pg_temp.only_by_the_server(caller) then
                again := code;
            end if;
            perform pg_catalog.set_config('search_path', '', true);
            if code = '55000' then  -- a published table without a key, say: no policy was asked
                raise exception using errcode = code, message = message;
            end if;
            if code ~ '^23' or message ~ '^new row violates row-level security policy|^permission denied for sequence '
                or split_part(place, E'\n', 1) ~ ' at RAISE$'
                or caller = 'anon' and target.closed and code = '42501' or code = again
            then
                code := null;
            end if;
            exit when code is not null;
        end loop;
        return next;
    end loop;
end $probe$

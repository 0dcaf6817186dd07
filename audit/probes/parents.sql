-- What the present caller sees of the stored rows, and the columns by which an exposed table's rows hang below another's.
create function pg_temp.see_parents() returns setof text language plpgsql as $see$
begin
    create temp table sight on commit drop as
    select distinct s.relation, pg_temp.key_of(s.content, a.key) as key
    from pg_temp.seen s join pg_temp.audited a on a.name = s.relation where a.key is not null;
    create index on pg_temp.sight (relation, key);
    analyze pg_temp.sight;
    return query select pg_catalog.format('%s %s', v.relation, v.key) from pg_temp.sight v;
end $see$;

-- The ids that other tables and views show the caller: what stands there is known, whoever may read its own table.
-- A uuid is told as it is; another id with the column that it stands in ("tenant_id 3"), a view's own with "view".
-- "place" is where it stands: a table with the column, or a view.
create function pg_temp.shown_ids(caller name, exposed text[]) returns table (place text, id text) language plpgsql as $shown$
declare
    v record;
    shown jsonb;
    long_id text := '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$';
begin
    return query
        select distinct pg_catalog.format('%s %s', s.relation, e.key),
                        case when e.value ~ long_id then e.value else pg_catalog.concat_ws(' ', e.key, e.value) end
        from pg_temp.seen s cross join lateral pg_catalog.jsonb_each_text(s.content) as e
        where e.value ~ long_id or e.key ~ '_id$' and pg_catalog.length(e.value) < 64;
    for v in
        select c.oid::pg_catalog.regclass::text as name
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('v', 'm') and n.nspname = any (exposed)
        and pg_catalog.has_schema_privilege(caller, n.oid, 'usage') and pg_catalog.has_table_privilege(caller, c.oid, 'select')
    loop
        begin
            shown := pg_temp.audit_by(caller, pg_catalog.format(
                'select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(x)) from (select x from %s as x limit 200) as y', v.name),
                settled => false, asked => true);
            return query
                select distinct v.name, case when e.value ~ long_id then e.value
                                        else pg_catalog.concat_ws(' ', case e.key when 'id' then 'view' end, e.key, e.value) end
                from pg_catalog.jsonb_array_elements(shown) as y
                cross join lateral pg_catalog.jsonb_each_text(y) as e
                where e.value ~ long_id or e.key ~ '(_|^)id$' and pg_catalog.length(e.value) < 64;
        exception
            when insufficient_resources or operator_intervention then raise;
            when others then null;  -- a view that fails shows nothing
        end;
    end loop;
end $shown$;

-- The columns that name a row of another exposed table, looked up once: foreign keys of one column, and columns that are called after a
-- table (project_id, of projects) and have the type of its key. What may be left empty and goes on without the other row
-- is a mention and no place, unless a policy looks at it. "named" is the constraint. People, by their ids, are no parents.
create function pg_temp.links(cast_ids text[])
returns table (child text, attribute text, parent text, parent_key text, named text) language sql stable as $links$
    with single as (
        select a.oid, a.name, a.relname, a.key[1] as key, t.atttypid as type
        from pg_temp.audited a
        join pg_catalog.pg_attribute t on t.attrelid = a.oid and t.attname = a.key[1]
        where pg_catalog.cardinality(a.key) = 1
    ), led as (
        select f.conrelid as child, c.attname::text as attribute, f.confrelid as parent, k.attname::text as parent_key,
               pg_catalog.format('%I on %s', f.conname, f.conrelid::pg_catalog.regclass) as named,
               c.attnotnull or f.confdeltype = 'c' as placed
        from pg_catalog.pg_constraint f
        join pg_catalog.pg_attribute c on c.attrelid = f.conrelid and c.attnum = f.conkey[1]
        join pg_catalog.pg_attribute k on k.attrelid = f.confrelid and k.attnum = f.confkey[1]
        where f.contype = 'f' and pg_catalog.cardinality(f.conkey) = 1
        union all
        select t.attrelid, t.attname::text, s.oid, s.key, '', t.attnotnull
        from pg_temp.audited a
        join pg_catalog.pg_attribute t on t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped
        join single s on s.type = t.atttypid and s.oid <> a.oid
            and t.attname in (s.relname || '_id', pg_catalog.regexp_replace(s.relname, 's$', '') || '_id',
                              pg_catalog.regexp_replace(s.relname, 'ies$', 'y') || '_id')
        where a.exposed and not exists (
            select from pg_catalog.pg_constraint f
            where f.conrelid = a.oid and f.contype = 'f' and t.attnum = any (f.conkey))
    )
    select distinct on (c.name, l.attribute) c.name, l.attribute, p.name, l.parent_key, l.named
    from led l
    join pg_temp.audited c on c.oid = l.child and c.exposed and not c.partition and c.schema <> 'auth'
    join pg_temp.audited p on p.oid = l.parent and p.exposed and p.shown and not p.partition and p.schema <> 'auth'
    -- A row that is a person is nobody's: whoever writes to somebody names them. Who did something is no place.
    where l.attribute !~ '_by$' and (l.placed or exists (
        select from pg_catalog.pg_policy y
        where y.polrelid = c.oid and pg_catalog.concat_ws(
            ' ', pg_catalog.pg_get_expr(y.polqual, y.polrelid), pg_catalog.pg_get_expr(y.polwithcheck, y.polrelid))
            ~ ('(^|\W)' || pg_catalog.regexp_replace(l.attribute, '(\W)', '\\\1', 'g') || '(\W|$)')))
    and not exists (select from pg_temp.stored s where s.relation = p.name and s.content ->> l.parent_key = any (cast_ids))
    order by 1, 2, l.named = ''
$links$;

-- Execute a write as "caller" and undo it: '' where one more row has that value in that column afterwards, else why not.
create function pg_temp.hung(caller name, statement text, first jsonb, second jsonb, relation text, attribute text, value text)
returns text language plpgsql as $hung$
declare
    before bigint;
    after bigint;
    code text;
    counting text := pg_catalog.format('select count(*) from %s as t where t.%I::text = $1', relation, attribute);
begin
    execute counting into before using value;
    begin
        perform pg_temp.audit_by(caller, statement, first, second);
        execute counting into after using value;
        raise exception using errcode = 'ZZ000';
    exception
        when sqlstate 'ZZ000' then null;
        when insufficient_resources or operator_intervention then raise;
        when others then get stacked diagnostics code = returned_sqlstate;
    end;
    return coalesce(code, case when after > before then '' else '42501' end);
end $hung$;

-- As "caller", put rows of one's own below parents that one cannot see, and move rows of one's own there. "command" is
-- how it went through, null where it did not; "blocked" says that only a constraint stood in the way.
create function pg_temp.hang(
    caller name, me text, cast_ids text[], open_places text[], open_ids text[], adds_as_staff text[],
    changes_as_staff text[], wanted text[])
returns table (child text, attribute text, parent text, named text, command text, blocked boolean) language plpgsql
as $hang$
declare
    k record;
    hidden record;
    base record;
    other jsonb;
    fresh jsonb;
    went text;
    held boolean;
    inserting text;
    updating text;
    known_ids text[];
    kept_by text;
    theirs text[];
begin
    for k in
        select l.*, a.oid, a.key,
               (select pg_catalog.string_agg(quote_ident(t.attname), ', ') from pg_catalog.pg_attribute t
                where t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = ''
                and t.attidentity <> 'a' and pg_catalog.has_column_privilege(caller, a.oid, t.attnum, 'insert')
                -- What the database makes up by itself is unlike all that is there.
                and not (t.atthasdef and (t.attname = any (a.key) or (t.attname <> l.attribute and exists (
                    select from pg_catalog.pg_index u where u.indrelid = a.oid and u.indisunique
                    and u.indnkeyatts = 1 and u.indkey[0] = t.attnum))))) as insertable,
               pg_catalog.has_column_privilege(caller, a.oid, l.attribute, 'insert')
               and l.child <> all (adds_as_staff) as inserts,
               pg_catalog.has_column_privilege(caller, a.oid, l.attribute, 'update')
               and l.child <> all (changes_as_staff) as updates,
               -- A link and nothing else, of which one sees one's own: a bookmark harms nobody.
               not exists (
                   select from pg_catalog.pg_attribute t
                   where t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped and not t.attname = any (a.key)
                   and t.attname <> l.attribute and pg_catalog.format_type(t.atttypid, null) !~ '^(timestamp|date|uuid)'
                   and not exists (select from pg_catalog.pg_constraint f
                                   where f.conrelid = a.oid and f.contype = 'f' and t.attnum = any (f.conkey)))
               and not exists (
                   select from pg_temp.stored s join pg_temp.sight v on v.relation = s.relation and v.key = s.key
                   where s.relation = a.name and me <> all (s.people)) as bookmark
        from pg_temp.linked as l
        join pg_temp.audited a on a.name = l.child
        where l.child = any (wanted) and pg_catalog.has_schema_privilege(caller, a.schema, 'usage')
        -- Whose rows are whose is told by who sees some of them and not the others.
        and exists (select from pg_temp.sight v where v.relation = l.parent)
        order by l.child, l.attribute
    loop
        continue when k.bookmark or not (k.inserts or k.updates);
        -- Where some ids of a table are known to everybody, its rows are not only somebody's. What was hung there is no
        -- such place.
        known_ids := array(select o.id from unnest(open_places, open_ids) as o (place, id)
                           where o.place <> pg_catalog.format('%s %s', k.child, k.attribute));
        continue when exists (
            select from pg_temp.stored s
            where s.relation = k.parent
            and array[s.content ->> k.parent_key, pg_catalog.concat_ws(' ', k.attribute, s.content ->> k.parent_key),
                      pg_catalog.concat_ws(' ', 'view', k.parent_key, s.content ->> k.parent_key)] && known_ids);
        child := k.child; attribute := k.attribute; parent := k.parent; named := k.named; command := null;
        blocked := false; held := false;
        -- What one may change is one's own to hang things below, whether one sees it or not.
        select pg_catalog.string_agg(pg_catalog.format('(%s)', pg_catalog.pg_get_expr(p.polqual, p.polrelid)), ' or ') into kept_by
        from pg_catalog.pg_policy p
        where p.polrelid = k.parent::pg_catalog.regclass and p.polpermissive and p.polcmd in ('*', 'w', 'd')
        and exists (select from unnest(p.polroles) as r (oid)
                    where case when r.oid = 0 then true else pg_catalog.pg_has_role(caller, r.oid, 'usage') end);
        theirs := '{}';
        begin
            if kept_by is not null then
                execute pg_catalog.format('select pg_catalog.array_agg(%1$I.%2$I::text) from %3$s as %1$I where %4$s',
                    (select c.relname from pg_catalog.pg_class c where c.oid = k.parent::pg_catalog.regclass), k.parent_key,
                    k.parent, kept_by) into theirs;
            end if;
        exception
            when insufficient_resources or operator_intervention then raise;
            when others then null;
        end;
        inserting := case when k.inserts then pg_catalog.format(
            'insert into %s (%s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1)', k.child, k.insertable) end;
        updating := case when k.updates and k.key is not null then pg_catalog.format(
            'update %1$s as t set %2$I = n.%2$I from pg_catalog.jsonb_populate_record(null::%1$s, $1) as n,
             pg_catalog.jsonb_populate_record(null::%1$s, $2) as o where %3$s', k.child, k.attribute,
            (select pg_catalog.string_agg(pg_catalog.format('t.%I = o.%1$I', c), ' and ') from unnest(k.key) as c)) end;
        <<trying>>
        for hidden in
            -- A place that is taken already may only have room for one.
            with unseen as materialized (
                select s.content ->> k.parent_key as id, s.content -> k.parent_key as value,
                       pg_catalog.row_number() over (order by s.people = '{}', s.key) as place,
                       not exists (select from pg_temp.stored c where c.relation = k.child
                                   and c.content ->> k.attribute = s.content ->> k.parent_key) as free
                from pg_temp.stored s
                where s.relation = k.parent and s.content ->> k.parent_key is not null and me <> all (s.people)
                and not exists (select from pg_temp.sight v where v.relation = s.relation and v.key = s.key)
                and s.content ->> k.parent_key <> all (coalesce(theirs, '{}'))
            )
            select * from unseen
            where place <= 3 or place in (select u.place from unseen u where u.free order by u.place limit 2) order by place
        loop
            for base in
                (select s.content, true as there, pg_catalog.row_number() over (order by s.key) as place
                 from pg_temp.stored s where s.relation = k.child and me = any (s.people) order by s.key limit 12)
                union all
                (select s.content, true, 0 from pg_temp.stored s join pg_temp.sight v on v.relation = s.relation and v.key = s.key
                 where s.relation = k.child and me <> all (s.people) order by s.key limit 3)
                union all
                (select pg_catalog.regexp_replace(s.content::text, pg_catalog.array_to_string(cast_ids, '|'), me, 'g')::jsonb,
                        false, 0
                 from pg_temp.stored s where s.relation = k.child and s.people <> '{}' order by s.key limit 2)
                union all
                -- What one sees of a group's rows, as if it were one's own.
                (select pg_catalog.regexp_replace(s.content::text, pg_catalog.array_to_string(cast_ids, '|'), me, 'g')::jsonb,
                        false, 0
                 from pg_temp.stored s join pg_temp.sight v on v.relation = s.relation and v.key = s.key
                 where s.relation = k.child and hidden.place = 1 and s.people <> '{}' and me <> all (s.people)
                 order by s.key limit 12)
            loop
                -- Of rows that other rows hold in their place, or that say the same as one there, more are tried.
                continue when base.place > 4 and not held;
                fresh := base.content || pg_catalog.jsonb_build_object(k.attribute, hidden.value) || coalesce((
                    select pg_catalog.jsonb_object_agg(c, pg_catalog.gen_random_uuid())
                    from unnest(k.key) as c join pg_catalog.pg_attribute t on t.attrelid = k.oid and t.attname = c
                    where t.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype and pg_catalog.cardinality(k.key) = 1
                    and c <> k.attribute), '{}');
                if inserting is not null then
                    went := pg_temp.hung(caller, inserting, fresh, null, k.child, k.attribute, hidden.id);
                    blocked := blocked or went in ('23505', '23514', '23P01');
                    held := held or went ~ '^23';
                    if went = '' then
                        -- Where the like is taken in another's name, nobody asks whose it is: that is another matter.
                        for other in
                            (select s.content from pg_temp.stored s
                             where s.relation = k.child and s.content ->> k.attribute = hidden.id and me <> all (s.people)
                             order by s.people = '{}', s.key limit 2)
                            union all
                            select pg_catalog.replace(fresh::text, me, c)::jsonb from unnest(cast_ids) as c
                            where c <> me and pg_catalog.strpos(fresh::text, me) > 0
                        loop
                            other := other || pg_catalog.jsonb_build_object(k.attribute, hidden.value) || coalesce((
                                select pg_catalog.jsonb_object_agg(c, pg_catalog.gen_random_uuid())
                                from unnest(k.key) as c
                                join pg_catalog.pg_attribute t on t.attrelid = k.oid and t.attname = c
                                where t.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype
                                and pg_catalog.cardinality(k.key) = 1 and c <> k.attribute), '{}');
                            went := pg_temp.hung(caller, inserting, other, null, k.child, k.attribute, hidden.id);
                            if went = '42501' then
                                command := 'insert';
                            end if;
                            exit when command is not null;
                        end loop;
                    end if;
                end if;
                exit trying when command is not null;
                -- What is changed is a row that is there already.
                if updating is not null and base.there and base.content ->> k.attribute is distinct from hidden.id then
                    went := pg_temp.hung(caller, updating, base.content
                        || pg_catalog.jsonb_build_object(k.attribute, hidden.value), base.content, k.child, k.attribute,
                        hidden.id);
                    blocked := blocked or went in ('23505', '23514', '23P01');
                    held := held or went ~ '^23';
                    if went = '' then
                        command := 'update';
                    end if;
                end if;
                exit trying when command is not null;
            end loop;
        end loop;
        return next;
    end loop;
end $hang$;

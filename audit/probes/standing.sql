-- The columns that say what somebody is worth to the project, of tables with a row for each person, that something asks
-- for: "asked_by" is a policy or a function with a condition on the column.
create function pg_temp.standings(words text)
returns table (relation text, attribute text, kind text, asked_by text) language sql stable as $standings$
    with said as materialized (
        select f.*, row_number() over () as n from (
            select pg_catalog.format('%I on %s', p.polname, p.polrelid::pg_catalog.regclass) as asked_by,
                   pg_catalog.concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                                        pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as text,
                   p.polrelid as own
            from pg_catalog.pg_policy p
            union all
            select f.oid::pg_catalog.regprocedure::text,
                   coalesce(pg_catalog.pg_get_function_sqlbody(f.oid), f.prosrc), null
            from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
            where n.nspname <> all (pg_catalog.string_to_array(pg_catalog.current_setting('audit.platform'), chr(10)))
            and n.nspname !~ '^pg_|^information_schema$' and f.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
            and not exists (select from pg_catalog.pg_depend d
                            where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = f.oid
                            and d.deptype = 'e')
        ) as f
    ), counting as materialized (
        select f.prosrc as text, row_number() over () as n from pg_catalog.pg_proc f
        where f.pronamespace not in (
            select n.oid from pg_catalog.pg_namespace n where n.nspname ~ '^pg_|^information_schema$')
        and f.prosrc ~* '\mupdate\M.*\mset\M'
    ), worded as materialized (  -- each text is taken to pieces once, and not searched for the name of each column
        select distinct f.n, word from said f cross join lateral pg_catalog.regexp_split_to_table(f.text, '\W+') as word
    ), counted as materialized (
        select distinct f.n, word
        from counting f cross join lateral pg_catalog.regexp_split_to_table(f.text, '\W+') as word
    ), about as materialized (
        select f.n, a.oid from said f join pg_temp.audited a on f.own = a.oid or pg_catalog.strpos(f.text, a.relname) > 0
    ), columns as materialized (
        select a.oid, a.name, a.relname, t.attname::text as attname, y.typcategory as category,
               coalesce(b.typcategory, y.typcategory)::text as kind
        from pg_temp.audited a
        join pg_catalog.pg_attribute t
            on t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = ''
        join pg_catalog.pg_type y on y.oid = t.atttypid
        left join pg_catalog.pg_type b on b.oid = y.typbasetype
        where a.exposed and not a.partition and a.schema <> 'auth' and a.key is not null
        and t.attname ~ '^\w+$' and t.attnum <> all (coalesce((
            select i.indkey::int2[] from pg_catalog.pg_index i where i.indrelid = a.oid and i.indisprimary), '{}'))
        and coalesce(b.typcategory, y.typcategory) in ('B', 'N', 'S', 'E', 'D')
    ), naming as materialized (
        select c.oid, c.attname, w.n
        from columns c join worded w on w.word = c.attname join about on about.n = w.n and about.oid = c.oid
    ), maybe as materialized (
        select c.oid, c.attname, c.relname, w.n from columns c join counted w on w.word = c.attname
        where c.category = 'N'
    ), asking as (
        select x.oid, x.attname, min(f.asked_by) as asked_by
        from naming x join said f on f.n = x.n
        where f.text ~* pg_catalog.format(
            $$(\m(where|and|or|if|elsif|when|not|on|having|coalesce\()\s*\(*\s*(["\w]+\.)*"?%1$s\M)|(\m%1$s\M"?\)?(::["\w. ]+)?\s*(=|<|>|!=|\min\M|\mis\M|~))$$,
            x.attname)
        group by 1, 2
    ), moving as (  -- what a function of the project counts up or down, whatever it is called
        select x.oid, x.attname
        from maybe x join counting f on f.n = x.n
        where pg_catalog.strpos(f.text, x.relname) > 0 and f.text ~* pg_catalog.format(
            $$\mupdate\s+(only\s+)?("?\w+"?\s*\.\s*)?"?%2$s\M[^;]*\mset\M[^;]*\m%1$s"?\s*=\s*("?\w+"?\s*\.\s*)?"?%1$s"?\s*[-+]$$,
            x.attname, x.relname)
    )
    select c.name, c.attname, c.kind, x.asked_by
    from columns c join asking x using (oid, attname)
    where c.attname ~* words or (c.oid, c.attname) in (select m.oid, m.attname from moving m)
    order by 1, 2
$standings$;

-- As "caller", give oneself another standing, in the one row that is one's own. "own": there is such a row; "went": the
-- row says what was asked for; "whole": the right to is on the whole table.
create function pg_temp.rise(caller name, me text, words text, wanted text[])
returns table (relation text, attribute text, asked_by text, own boolean, went boolean, whole boolean)
language plpgsql as $rise$
declare
    k record;
    mine record;
    choice text;
    stands text;
begin
    for k in
        select s.*, a.oid, a.key,
               pg_catalog.has_table_privilege(caller, a.oid, 'update') as on_table,
               pg_catalog.has_column_privilege(caller, a.oid, s.attribute, 'update') as updates,
               -- The columns of which each person has one row.
               array(select t.attname::text from pg_catalog.pg_index i
                     join pg_catalog.pg_attribute t on t.attrelid = a.oid and t.attnum = i.indkey[0]
                     where i.indrelid = a.oid and i.indisunique and i.indnkeyatts = 1 and i.indpred is null) as single
        from pg_temp.standings(words) as s join pg_temp.audited a on a.name = s.relation
        where s.relation = any (wanted) and pg_catalog.has_schema_privilege(caller, a.schema, 'usage')
    loop
        relation := k.relation; attribute := k.attribute; asked_by := k.asked_by; whole := k.on_table; went := false;
        own := false;
        for mine in
            select s.content, s.key from pg_temp.stored s
            where s.relation = k.relation and exists (select from unnest(k.single) as c where s.content ->> c = me)
            limit 1
        loop
            own := true;
            exit when not k.updates;
            for choice in
                select x.value from (
                    select case mine.content ->> k.attribute when 'true' then 'false' else 'true' end as value
                    where k.kind = 'B'
                    union all
                    -- A condition alone does not keep the cast from being tried beforehand.
                    select (case when k.kind = 'N' then coalesce((mine.content ->> k.attribute)::numeric, 0) end + n)::text
                    from unnest(array[1000, 1]) as n where k.kind = 'N'
                    union all
                    select '2100-01-01' where k.kind = 'D'
                    union all
                    (select distinct s.content ->> k.attribute from pg_temp.stored s
                     where s.relation = k.relation and k.kind in ('S', 'E') limit 8)
                ) as x
                where x.value is distinct from mine.content ->> k.attribute and x.value is not null
            loop
                begin
                    perform pg_temp.audit_by(caller, pg_catalog.format(
                        'update %1$s as t set %2$I = n.%2$I from pg_catalog.jsonb_populate_record(null::%1$s, $1) as n,
                         pg_catalog.jsonb_populate_record(null::%1$s, $2) as o where %3$s', k.relation, k.attribute,
                        (select pg_catalog.string_agg(pg_catalog.format('t.%I = o.%1$I', c), ' and ') from unnest(k.key) as c)),
                        pg_catalog.jsonb_build_object(k.attribute, choice), mine.content);
                    execute pg_catalog.format(
                        'select pg_catalog.to_jsonb(t) ->> %L from %s as t where pg_temp.key_of(pg_catalog.to_jsonb(t), $1) = $2',
                        k.attribute, k.relation) into stands using k.key, mine.key;
                    went := stands is distinct from mine.content ->> k.attribute;
                    raise exception using errcode = 'ZZ000';
                exception
                    when sqlstate 'ZZ000' then null;
                    when insufficient_resources or operator_intervention then raise;
                    when others then null;  -- a refusal is an answer
                end;
                exit when went;
            end loop;
        end loop;
        return next;
    end loop;
end $rise$;

-- As "caller", set a word that is kept to others, in a row that they could have added ("adding" holds for it, but for the
-- word), and that has come no further than new ones have; or add that row with the word at once.
create function pg_temp.advance(caller name, relation text, attribute text, adding text, begun text[], kept jsonb)
returns table (of_relation text, of_attribute text, asked_by text, own boolean, went boolean, whole boolean, word text,
               command text)
language plpgsql as $advance$
declare
    t record;
    mine jsonb;
    choice jsonb;
    given text;
begin
    select a.oid, a.key,
           (select pg_catalog.string_agg(pg_catalog.quote_ident(c.attname), ', ') from pg_catalog.pg_attribute c
            where c.attrelid = a.oid and c.attnum > 0 and not c.attisdropped and c.attgenerated = ''
            and pg_catalog.has_column_privilege(caller, a.oid, c.attnum, 'insert')) as columns
    into t from pg_temp.audited a where a.name = relation;
    of_relation := relation; of_attribute := attribute; own := false; went := false; word := '';
    for mine in execute pg_catalog.format(
        'select pg_catalog.to_jsonb(%1$s.*) from %1$s where (%2$s) and %3$I::text = any ($1) limit 2',
        relation, adding, attribute) using begun
    loop
        own := true;
        for choice, command in
            select x, c from pg_catalog.jsonb_array_elements(kept) as x cross join unnest(array['update', 'insert']) as c
            order by c = 'insert'
        loop
            asked_by := choice ->> 1;
            whole := pg_catalog.has_table_privilege(caller, t.oid, command);
            begin
                if command = 'insert' then
                    execute pg_catalog.format(
                        'delete from %1$s as t using pg_catalog.jsonb_populate_record(null::%1$s, $1) as o where %2$s',
                        relation, (select pg_catalog.string_agg(pg_catalog.format('t.%I = o.%1$I', c), ' and ')
                                   from unnest(t.key) as c)) using mine;
                    given := pg_catalog.format(
                        'insert into %1$s (%2$s) overriding system value
                         select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $2 || $1)', relation, t.columns);
                else
                    given := pg_catalog.format(
                        'update %1$s as t set %2$I = n.%2$I from pg_catalog.jsonb_populate_record(null::%1$s, $1) as n,
                         pg_catalog.jsonb_populate_record(null::%1$s, $2) as o where %3$s', relation, attribute,
                        (select pg_catalog.string_agg(pg_catalog.format('t.%I = o.%1$I', c), ' and ')
                         from unnest(t.key) as c));
                end if;
                perform pg_temp.audit_by(caller, given, pg_catalog.jsonb_build_object(attribute, choice ->> 0), mine);
                -- Who is let in by the policy that keeps the word is not kept from it.
                execute pg_catalog.format(
                    'select exists (
                         select from %1$s where pg_temp.key_of(pg_catalog.to_jsonb(%1$s.*), $1) = $2 and %2$I::text = $3
                         and (%3$s) is not true)',
                    relation, attribute, coalesce(choice ->> 2, 'false')) into went
                using t.key, pg_temp.key_of(mine, t.key), choice ->> 0;
                word := case when went then choice ->> 0 else '' end;
                raise exception using errcode = 'ZZ000';
            exception
                when sqlstate 'ZZ000' then null;
                when insufficient_resources or operator_intervention then raise;
                when others then null;  -- a refusal is an answer
            end;
            if went then
                return next;
                return;
            end if;
        end loop;
    end loop;
    return next;
end $advance$;

-- As "caller", who is "me", put oneself into a column that is empty, in rows for which "adding" holds, with each of "words",
-- which are values of other columns.
create function pg_temp.approve(caller name, me text, relation text, attribute text, adding text, words jsonb, asked text)
returns table (of_relation text, of_attribute text, asked_by text, own boolean, went boolean, whole boolean, word text,
               command text)
language plpgsql as $approve$
declare
    t record;
    mine jsonb;
    there jsonb[];
    said jsonb;
begin
    select a.oid, a.key into t from pg_temp.audited a where a.name = relation;
    of_relation := relation; of_attribute := attribute; own := false; went := false; word := ''; command := 'update';
    asked_by := asked; whole := pg_catalog.has_table_privilege(caller, t.oid, 'update');
    begin
        execute pg_catalog.format(
            'select array(select pg_catalog.to_jsonb(%1$s.*) from %1$s where (%2$s) limit 6)', relation, adding) into there;
    exception
        when insufficient_resources or operator_intervention then raise;
        when others then there := '{}';  -- what a policy asks may not be answered
    end;
    foreach mine in array there loop
        own := true;
        for said in select x || pg_catalog.jsonb_build_object(attribute, me) from pg_catalog.jsonb_array_elements(words) as x loop
            begin
                perform pg_temp.audit_by(caller, pg_catalog.format(
                    'update %1$s as t set %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1) as n,
                     pg_catalog.jsonb_populate_record(null::%1$s, $2) as o where %3$s', relation,
                    (select pg_catalog.string_agg(pg_catalog.format('%1$I = n.%1$I', k), ', ') from pg_catalog.jsonb_object_keys(said) as k),
                    (select pg_catalog.string_agg(pg_catalog.format('t.%I = o.%1$I', c), ' and ') from unnest(t.key) as c)),
                    said, mine);
                execute pg_catalog.format(
                    'select exists (select from %1$s where pg_temp.key_of(pg_catalog.to_jsonb(%1$s.*), $1) = $2 and %2$I::text = $3)',
                    relation, attribute) into went using t.key, pg_temp.key_of(mine, t.key), me;
                raise exception using errcode = 'ZZ000';
            exception
                when sqlstate 'ZZ000' then null;
                when insufficient_resources or operator_intervention then raise;
                when others then null;  -- a refusal is an answer
            end;
            if went then
                return next;
                return;
            end if;
        end loop;
    end loop;
    return next;
end $approve$;

-- The columns of the exposed tables that say that somebody agreed to a row: by a word that new rows do not begin with, by
-- a flag, or by who did it and when ("me", "now").
create function pg_temp.agreed(granted text, flags text, doers text)
returns table (relation text, attribute text, begun text, words text[]) language sql stable as $agreed$
    select a.name, t.attname::text, x.begun, x.words
    from pg_temp.audited a
    join pg_catalog.pg_attribute t on t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = ''
    join pg_catalog.pg_type y on y.oid = t.atttypid
    left join pg_catalog.pg_attrdef d on d.adrelid = t.attrelid and d.adnum = t.attnum
    cross join lateral (select pg_catalog.pg_get_expr(d.adbin, d.adrelid) as text) as initial
    cross join lateral (
        select case when y.typcategory in ('S', 'E')
                    then (pg_catalog.regexp_match(initial.text, '^''([^'']*)''(?:::.*)?$'))[1]
                    when y.typcategory = 'B' and initial.text = 'false' then 'false' end as begun
    ) as b
    cross join lateral (
        select b.begun, case
            when y.typcategory in ('S', 'E') and b.begun is not null then array(
                select distinct s.content ->> t.attname from pg_temp.stored s
                where s.relation = a.name and s.content ->> t.attname ~* granted order by 1)
            when y.typcategory = 'B' and b.begun is not null and t.attname ~* flags then array['true']
            when not t.attnotnull and initial.text is null and t.attname ~* doers and t.attname ~ '_at$'
                and y.typcategory = 'D' then array['now']
            when not t.attnotnull and initial.text is null and t.attname ~* doers and t.attname !~ '_at$'
                and y.typname = 'uuid' then array['me']
            else '{}' end as words
    ) as x
    where a.exposed and not a.partition and a.schema <> 'auth' and a.key is not null
    and x.words <> '{}' and (x.begun is null or x.begun !~* granted)
    order by 1, 2
$agreed$;

-- As "caller", file rows of one's own that say at once that somebody agreed, where the like that says nothing is taken, and
-- cannot be changed into that afterwards; or change it themselves where "others" says who does. All is undone. "columns"
-- are those of pg_temp.agreed.
create function pg_temp.file(caller name, me text, cast_ids text[], columns jsonb)
returns table (of_relation text, of_attribute text, asked_by text, own boolean, went boolean, whole boolean, word text,
               command text)
language plpgsql as $file$
declare
    k record;
    base jsonb;
    choice text;
    said text;
    inserting text;
    there text[];
    fresh jsonb;
    taken jsonb[];
    changes boolean;
    themselves boolean;
    stands boolean;
    says text := 'select exists (
        select from %1$s as t, pg_catalog.jsonb_populate_record(null::%1$s, $3) as n
        where pg_temp.key_of(pg_catalog.to_jsonb(t.*), $1) <> all (coalesce($2, ''{}'')) and t.%2$I is not distinct from n.%2$I)';
begin
    for k in
        select a.oid, a.name, a.relname, a.key, x.attribute, x.begun, x.words, x.adding, x.others,
               -- New rows begin so in all that says it.
               (select pg_catalog.jsonb_object_agg(y ->> 'attribute', y -> 'begun')
                from pg_catalog.jsonb_array_elements(columns) as y where y ->> 'relation' = x.relation) as starts,
               (select pg_catalog.string_agg(quote_ident(t.attname), ', ') from pg_catalog.pg_attribute t
                where t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = ''
                and t.attidentity <> 'a' and pg_catalog.has_column_privilege(caller, a.oid, t.attnum, 'insert')
                and not (t.atthasdef and t.attname = any (a.key))) as insertable,
               (select pg_catalog.string_agg(pg_catalog.format('%I on %s', p.polname, a.name), ', ' order by p.polname)
                from pg_catalog.pg_policy p
                where p.polrelid = a.oid and p.polcmd in ('w', '*') and p.polpermissive) as deciding
        from pg_catalog.jsonb_to_recordset(columns)
            as x (relation text, attribute text, begun text, words text[], adding text, others text)
        join pg_temp.audited a on a.name = x.relation
        where pg_catalog.has_column_privilege(caller, a.oid, x.attribute, 'insert')
        and pg_catalog.has_schema_privilege(caller, a.schema, 'usage')
    loop
        of_relation := k.name; of_attribute := k.attribute; own := false; went := false; command := 'insert';
        whole := pg_catalog.has_table_privilege(caller, k.oid, 'insert');
        word := '';
        asked_by := coalesce(k.deciding, 'nobody but the server');
        inserting := pg_catalog.format(
            'insert into %s (%s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1)', k.name, k.insertable);
        begin
            execute pg_catalog.format(
                'select array(select pg_catalog.to_jsonb(%2$I.*) from (
                     select r.* from %1$s as t
                     cross join lateral pg_catalog.jsonb_populate_record(null::%1$s, pg_catalog.to_jsonb(t.*) || $1) as r
                 ) as %2$I where (%3$s) limit 4)', k.name, k.relname, k.adding) into taken using k.starts;
        exception
            when insufficient_resources or operator_intervention then raise;
            when others then taken := '{}';  -- what a new row has to be may not be answered
        end;
        <<trying>>
        for base in
            (select x from unnest(taken) as x)
            union all
            (select s.content from pg_temp.stored s where s.relation = k.name and me = any (s.people) order by s.key limit 8)
            union all
            (select pg_catalog.regexp_replace(s.content::text, pg_catalog.array_to_string(cast_ids, '|'), me, 'g')::jsonb
             from pg_temp.stored s where s.relation = k.name and s.people <> '{}' order by s.key limit 4)
        loop
            foreach choice in array k.words loop
                said := case choice when 'me' then me when 'now' then pg_catalog.now()::text else choice end;
                changes := false; themselves := false; stands := false; fresh := null;
                begin
                    perform pg_catalog.set_config('session_replication_role', 'replica', true);
                    execute pg_catalog.format('delete from %1$s as t where pg_temp.key_of(pg_catalog.to_jsonb(t.*), $1) = $2',
                                              k.name) using k.key, pg_temp.key_of(base, k.key);
                    perform pg_catalog.set_config('session_replication_role', 'origin', true);
                    execute pg_catalog.format('select pg_catalog.array_agg(pg_temp.key_of(pg_catalog.to_jsonb(t.*), $1)) from %s as t',
                                              k.name) into there using k.key;
                    -- As it begins: it is taken, and cannot be changed.
                    begin
                        perform pg_temp.audit_by(caller, inserting, base || k.starts, settled => false);
                        execute pg_catalog.format(
                            'select pg_catalog.to_jsonb(t.*) from %s as t
                             where pg_temp.key_of(pg_catalog.to_jsonb(t.*), $1) <> all (coalesce($2, ''{}'')) limit 1', k.name)
                            into fresh using k.key, there;
                        own := own or fresh is not null;
                        begin
                            perform pg_temp.audit_by(caller, pg_catalog.format(
                                'update %1$s as t set %2$I = n.%2$I from pg_catalog.jsonb_populate_record(null::%1$s, $1) as n,
                                 pg_catalog.jsonb_populate_record(null::%1$s, $2) as o where %3$s', k.name, k.attribute,
                                (select pg_catalog.string_agg(pg_catalog.format('t.%I = o.%1$I', c), ' and ')
                                 from unnest(k.key) as c)), pg_catalog.jsonb_build_object(k.attribute, said), fresh, settled => false);
                            execute pg_catalog.format(says, k.name, k.attribute) into changes
                                using k.key, there, pg_catalog.jsonb_build_object(k.attribute, said);
                            if changes and k.begun is not null and k.others is not null then
                                execute pg_catalog.format(
                                    'select exists (select from %1$s where pg_temp.key_of(pg_catalog.to_jsonb(%1$s.*), $1) = $2
                                                    and (%2$s) is not true)', k.name, k.others)
                                    into themselves using k.key, pg_temp.key_of(fresh, k.key);
                            end if;
                        exception
                            when insufficient_resources or operator_intervention then raise;
                            when others then null;  -- a refusal is an answer
                        end;
                        raise exception using errcode = 'ZZ000';
                    exception
                        when sqlstate 'ZZ000' then null;
                    end;
                    -- And with the word.
                    if fresh is not null and not changes then
                        perform pg_temp.audit_by(
                            caller, inserting, base || k.starts || pg_catalog.jsonb_build_object(k.attribute, said));
                        execute pg_catalog.format(says, k.name, k.attribute) into stands
                            using k.key, there, pg_catalog.jsonb_build_object(k.attribute, said);
                    end if;
                    raise exception using errcode = 'ZZ000';
                exception
                    when sqlstate 'ZZ000' then null;
                    when insufficient_resources or operator_intervention then raise;
                    when others then null;  -- a refusal is an answer
                end;
                perform pg_catalog.set_config('session_replication_role', 'origin', true);
                went := stands or themselves;
                word := case when went then choice else '' end;
                if themselves then
                    command := 'update';
                    whole := pg_catalog.has_table_privilege(caller, k.oid, 'update');
                end if;
                exit trying when went;
            end loop;
        end loop;
        return next;
    end loop;
end $file$;

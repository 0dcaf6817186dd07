-- What is looked up for every key: the rows that the present caller sees, and the tables that lead to people.
create function pg_temp.see() returns void language plpgsql as $see$
begin
    create temp table sight on commit drop as
    select distinct s.relation, pg_temp.key_of(s.content, a.key) as key
    from pg_temp.seen s join pg_temp.audited a on a.name = s.relation;
    create index on pg_temp.sight (relation, key);
    analyze pg_temp.sight;
    -- A list of words is nobody's: rows that lead to no person by foreign keys tell nothing.
    create temp table personal on commit drop as
    with recursive led as (
        select pg_catalog.to_regclass('auth.users')::oid as oid
        union
        select f.conrelid from led l join pg_catalog.pg_constraint f on f.contype = 'f' and f.confrelid = l.oid
    )
    select oid from led;
end $see$;

-- As "caller", offer rows of one's own that differ from another's only in what nobody can guess. "kind" is null where
-- nothing was told. Unique: an own row with the value of a row that they cannot see. Foreign key: an own row below a
-- parent that they cannot see, and below one that does not exist. What was told to somebody ("known") is not tried again.
create function pg_temp.offer(
    caller name, me text, cast_ids text[], unguessable text, wanted text[], known text[])
returns table (title text, kind text, mend text, offered boolean) language plpgsql as $offer$
declare
    k record;
    hidden jsonb;
    base jsonb;
    bases jsonb[];
    bases_of oid;
    fresh jsonb;
    told boolean;
    missing boolean;
    constrained text;
begin
    for k in
        select a.name, a.oid, a.key, x.*,
               exists (
                   select from pg_catalog.pg_attribute t
                   where t.attrelid = a.oid and t.attname = any (x.columns) and t.attname !~* unguessable
                   and not exists (select from pg_catalog.pg_attrdef d
                                   where d.adrelid = a.oid and d.adnum = t.attnum and x.what = 'unique'
                                   and pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~* 'random|uuid_generate_v4|nanoid')
                   and t.atttypid not in ('pg_catalog.uuid'::pg_catalog.regtype, 'pg_catalog.bytea'::pg_catalog.regtype)
                   -- A key of text that is called no more than an id is one of those that clients make.
                   and not (t.attname in ('id', 'uid', 'uuid', 'guid', 'ulid') and a.key = array[t.attname::text]
                            and t.atttypid in (
                                'pg_catalog.text'::pg_catalog.regtype, 'pg_catalog.varchar'::pg_catalog.regtype))
               ) as guessed,
               array(select t.attname::text from pg_catalog.pg_attribute t
                     where t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = ''
                     and t.attidentity <> 'a' and pg_catalog.has_column_privilege(caller, a.oid, t.attnum, 'insert')
                     and not (t.attname = any (a.key) and t.atthasdef)) as insertable,
               array(select t.attname::text from pg_catalog.pg_attribute t
                     where t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped
                     and pg_catalog.has_column_privilege(caller, a.oid, t.attnum, 'update')) as updatable
        from pg_temp.audited a
        cross join lateral (
            select i.indexrelid as id, 'unique' as what, ic.relname as name_, null::oid as parent,
                   '{}'::text[] as parent_key, c.conname is not null as is_constraint,
                   array(select t.attname::text from pg_catalog.pg_attribute t
                         where t.attrelid = a.oid and (t.attnum = any (i.indkey::int2[]) or exists (
                             select from pg_catalog.pg_depend d
                             where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = i.indexrelid
                             and d.refobjid = a.oid and d.refobjsubid = t.attnum)) and t.attnum > 0) as columns
            from pg_catalog.pg_index i
            join pg_catalog.pg_class ic on ic.oid = i.indexrelid
            left join pg_catalog.pg_constraint c on c.conindid = i.indexrelid and c.contype in ('u', 'p')
                and c.conrelid = a.oid
            where i.indrelid = a.oid and i.indisunique
            union all
            select c.oid, 'key', c.conname, c.confrelid,
                   array(select t.attname::text from unnest(c.confkey) with ordinality as y (n, o)
                         join pg_catalog.pg_attribute t on t.attrelid = c.confrelid and t.attnum = y.n order by o),
                   true,
                   array(select t.attname::text from unnest(c.conkey) with ordinality as y (n, o)
                         join pg_catalog.pg_attribute t on t.attrelid = a.oid and t.attnum = y.n order by o)
            from pg_catalog.pg_constraint c where c.conrelid = a.oid and c.contype = 'f'
        ) as x
        where a.exposed and not a.partition and a.name = any (wanted)
        and (pg_catalog.has_any_column_privilege(caller, a.oid, 'insert, update'))
        and pg_catalog.has_schema_privilege(caller, a.schema, 'usage')
        order by a.oid
    loop
        title := pg_catalog.format('%I on %s', k.name_, k.name); kind := null; mend := null;
        continue when title = any (known);
        -- What cannot be guessed needs no trying, and nothing to try it with.
        offered := not k.guessed;
        if not k.guessed then
            return next;
            continue;
        end if;
        -- Rows of their own, for all keys of a table.
        if bases_of is distinct from k.oid then
            bases_of := k.oid;
            bases := array(
                (select s.content from pg_temp.stored s
                 where s.relation = k.name and me = any (s.people) order by s.key limit 3)
                union all
                (select pg_catalog.regexp_replace(
                     s.content::text, pg_catalog.array_to_string(cast_ids, '|'), coalesce(me, ''), 'g')::jsonb
                 from pg_temp.stored s where s.relation = k.name and me is not null order by s.key limit 1)
                union all
                (select s.content from pg_temp.stored s where s.relation = k.name and me is null order by s.key limit 2)
                union all
                (select s.content from pg_temp.stored s join sight v on v.relation = s.relation and v.key = s.key
                 where s.relation = k.name and me is not null and me <> all (s.people) order by s.key limit 12));
        end if;
        -- Rows of others that the caller cannot see.
        for hidden in
            select s.content from pg_temp.stored s
            join pg_temp.audited p on p.name = s.relation and p.oid = coalesce(k.parent, k.oid)
            where not exists (select from sight v where v.relation = s.relation and v.key = s.key)
            and (s.people <> '{}' or p.oid in (select oid from personal))
            and (me is null or me <> all (s.people)) and p.schema <> 'auth'
            order by s.people = '{}', s.key limit 3
        loop
            foreach base in array bases
            loop
                fresh := base || coalesce((
                    select pg_catalog.jsonb_object_agg(c, pg_catalog.gen_random_uuid())
                    from unnest(k.key) as c join pg_catalog.pg_attribute t on t.attrelid = k.oid and t.attname = c
                    where t.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype and pg_catalog.cardinality(k.key) = 1
                ), '{}');
                if k.what = 'unique' then
                    fresh := fresh || (
                        select coalesce(pg_catalog.jsonb_object_agg(c, hidden -> c), '{}') from unnest(k.columns) as c
                        join pg_catalog.pg_attribute t on t.attrelid = k.oid and t.attname = c
                        where t.atttypid <> 'pg_catalog.uuid'::pg_catalog.regtype);
                    continue when exists (select from unnest(k.columns) as c
                                          where hidden -> c is distinct from fresh -> c or hidden ->> c is null);
                    offered := true;
                    told := pg_temp.offered(caller, k.name, fresh, base, k.key, k.columns, k.insertable, k.updatable)
                        = k.name_;
                else
                    continue when not k.columns <@ k.insertable or pg_catalog.cardinality(k.columns) > 1;
                    -- What else refers to a row below the same parent has to stay out of the way.
                    fresh := fresh || coalesce((
                        select pg_catalog.jsonb_object_agg(t.attname, null)
                        from pg_catalog.pg_constraint f join pg_catalog.pg_attribute t
                            on t.attrelid = k.oid and t.attnum = any (f.conkey) and not t.attnotnull
                        join pg_catalog.pg_attribute o on o.attrelid = k.oid and o.attname = k.columns[1]
                        where f.conrelid = k.oid and f.contype = 'f' and pg_catalog.cardinality(f.conkey) > 1
                        and o.attnum = any (f.conkey) and t.attnum <> o.attnum
                    ), '{}');
                    offered := true;
                    told := pg_temp.offered(
                        caller, k.name, fresh || pg_catalog.jsonb_build_object(k.columns[1], hidden -> k.parent_key[1]),
                        base, k.key, '{}', k.insertable, '{}') = '';
                    missing := told and pg_temp.offered(
                        caller, k.name, fresh || pg_catalog.jsonb_build_object(k.columns[1],
                            case pg_catalog.jsonb_typeof(hidden -> k.parent_key[1])
                            when 'number' then '2000000011' else '"no such thing"' end::jsonb),
                        base, k.key, '{}', k.insertable, '{}') = k.name_;
                    told := told and missing;
                end if;
                if told then
                    kind := k.what;
                end if;
                exit when told;
            end loop;
            exit when kind is not null;
        end loop;
        return next;
    end loop;
end $offer$;

-- The constraint that refused a row or a change to it, '' where nothing did, null for any other refusal.
create function pg_temp.offered(
    caller name, relation text, fresh jsonb, base jsonb, key text[], changed text[], insertable text[], updatable text[]
) returns text language plpgsql as $offered$
declare
    attempt text;
    code text;
    refused text;
    columns text := (select pg_catalog.string_agg(quote_ident(c), ', ') from unnest(insertable) as c);
begin
    foreach attempt in array array[
        case when columns is not null then pg_catalog.format(
            'insert into %s (%s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1)', relation, columns)
        end,
        case when changed <@ updatable and changed <> '{}' and key is not null then pg_catalog.format(
            'update %1$s as t set %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1) as n,
             pg_catalog.jsonb_populate_record(null::%1$s, $2) as o where %3$s', relation,
            (select pg_catalog.string_agg(pg_catalog.format('%I = n.%1$I', c), ', ') from unnest(changed) as c),
            (select pg_catalog.string_agg(pg_catalog.format('t.%I = o.%1$I', c), ' and ') from unnest(key) as c)) end]
    loop
        continue when attempt is null;
        select t.code, t.named into code, refused from pg_temp.tried(attempt, caller, fresh, base) as t;
        if code is null and changed = '{}' then
            return '';
        elsif code in ('23505', '23503') then
            return refused;
        end if;
    end loop;
    return null;
end $offered$;

-- Figures that functions tell of what somebody does not see: after calling.sql. No text gives a number away, so the rows
-- that it may come from are taken out, and the function is asked once more.

-- Takes out of some tables the rows that mention a value, do not name "me" and are not seen, or (not "wholly") adds one to the
-- figures in them that are private by their names: how many there are may be for all to know.
create function pg_temp.veil(me text, given text, wholly boolean, names text[], private_figures text) returns void
language plpgsql as $veil$
declare
    t record;
begin
    perform pg_catalog.set_config('session_replication_role', 'replica', true);
    for t in
        select a.name, a.key,
               pg_catalog.string_agg(pg_catalog.format('t.%I::text = $1', c.attname), ' or ') filter (where
                   c.attname = any (a.key) or y.typname = 'uuid' or exists (
                       select from pg_catalog.pg_constraint f
                       where f.conrelid = a.oid and f.contype = 'f' and c.attnum = any (f.conkey))) as mentions,
               pg_catalog.string_agg(pg_catalog.format('%1$I = %1$I + 1', c.attname), ', ') filter (where
                   y.typcategory = 'N' and c.attname ~* private_figures and c.attname <> all (coalesce(a.key, '{}'))
                   and c.attgenerated = '') as more
        from pg_temp.audited a
        join pg_catalog.pg_attribute c on c.attrelid = a.oid and c.attnum > 0 and not c.attisdropped
        join pg_catalog.pg_type y on y.oid = c.atttypid
        where a.name = any (names) and a.schema <> 'auth' and not a.partition
        group by a.name, a.key
    loop
        continue when t.mentions is null or not wholly and t.more is null;
        begin
            execute pg_catalog.format(
                '%s where (%s) and strpos(pg_catalog.to_jsonb(t.*)::text, coalesce($2, ''?'')) = 0
                 and not exists (select from pg_temp.sighted o
                                 where o.relation = $3 and o.key = pg_temp.key_of(pg_catalog.to_jsonb(t.*), $4))',
                case when wholly then pg_catalog.format('delete from %s as t', t.name)
                     else pg_catalog.format('update %s as t set %s', t.name, t.more) end, t.mentions)
            using given, me, t.name, t.key;
        exception
            when insufficient_resources or operator_intervention then raise;
            when others then null;  -- what a check refuses stays as it is
        end;
    end loop;
    perform pg_catalog.set_config('session_replication_role', 'origin', true);
end $veil$;

-- The numbers that a call answers as "caller"; null where it fails. What it changes is undone.
create function pg_temp.answered(caller name, call jsonb) returns numeric[] language plpgsql as $answered$
declare
    answers jsonb;
    found numeric[];
begin
    begin
        if (call ->> 'reading')::boolean then
            perform pg_catalog.set_config('transaction_read_only', 'on', true);
        end if;
        answers := pg_temp.audit_by(caller, pg_catalog.format(
            'select pg_catalog.jsonb_agg(answer) from (select answer from (%s) as a limit 100) as a', call ->> 'text'),
            settled => false, asked => true);
        select pg_catalog.array_agg((leaf #>> '{}')::numeric order by (leaf #>> '{}')::numeric) into found
        from pg_catalog.jsonb_path_query(answers, 'strict $.** ? (@.type() == "number")') as leaf;
        raise exception using errcode = 'ZZ000';
    exception
        when sqlstate 'ZZ000' then null;
        when insufficient_resources or operator_intervention then raise;
        when others then found := null;
    end;
    return found;
end $answered$;

-- Which of these calls [{"call", "text", "values", "tables"}] tell "caller" a figure of rows that mention a value they see
-- nothing of: a value that rows have for their key, none of which is theirs. Numbers that are keys, or refer to one, are no
-- figures.
create function pg_temp.told_figures(caller name, me text, calls jsonb, private_figures text)
returns table (call text, tables text) language plpgsql as $told$
declare
    one jsonb;
    v record;
    before numeric[];
    after numeric[];
    -- Of these tables they see rows that do not name them.
    crowded text[] := array(
        select distinct o.relation from pg_temp.seen o where strpos(o.content::text, coalesce(me, '?')) = 0);
begin
    drop table if exists pg_temp.sighted;
    create temp table sighted on commit drop as
    select o.relation, pg_temp.key_of(o.content, a.key) as key
    from pg_temp.seen o join pg_temp.audited a on a.name = o.relation where a.key is not null;
    create index on pg_temp.sighted (relation, key);
    -- Of all the calls at once: many pass the same keys.
    drop table if exists pg_temp.passed;
    create temp table passed on commit drop as
    select s.key as value, bool_and(s.relation <> all (crowded)) as wholly
    from pg_temp.stored s
    join pg_temp.audited a on a.name = s.relation and pg_catalog.cardinality(a.key) = 1 and a.schema <> 'auth'
    where s.key in (
        select pg_catalog.jsonb_array_elements_text(c -> 'values') from pg_catalog.jsonb_array_elements(calls) as c)
    group by s.key
    having bool_and(not coalesce(me = any (s.people), false));
    for one in select * from pg_catalog.jsonb_array_elements(calls) loop
        before := null;
        for v in
            select p.value, p.wholly from pg_temp.passed p
            where p.value = any (array(select pg_catalog.jsonb_array_elements_text(one -> 'values')))
        loop
            before := coalesce(before, pg_temp.answered(caller, one), '{}');
            exit when before = '{}';
            after := before;
            begin
                perform pg_temp.veil(me, v.value, v.wholly, array(select pg_catalog.jsonb_array_elements_text(one -> 'tables')),
                                     private_figures);
                after := coalesce(pg_temp.answered(caller, one), '{}');
                raise exception using errcode = 'ZZ000';
            exception
                when sqlstate 'ZZ000' then null;
            end;
            continue when after = before or not exists (
                select from (select pg_catalog.unnest(before) except select pg_catalog.unnest(after)) as x (n)
                where not exists (
                    select from pg_temp.stored s join pg_temp.audited a on a.name = s.relation
                    cross join lateral pg_catalog.jsonb_each(s.content) as e
                    where a.name = any (array(select pg_catalog.jsonb_array_elements_text(one -> 'tables')))
                    and s.content::text ~ v.value and pg_catalog.jsonb_typeof(e.value) = 'number'
                    and (e.value #>> '{}')::numeric = n and (e.key = any (a.key) or exists (
                        select from pg_catalog.pg_constraint f
                        join pg_catalog.pg_attribute c on c.attrelid = f.conrelid and c.attnum = any (f.conkey)
                        where f.conrelid = a.oid and f.contype = 'f' and c.attname = e.key))));
            call := one ->> 'call';
            tables := pg_catalog.array_to_string(array(select pg_catalog.jsonb_array_elements_text(one -> 'tables')), ', ');
            return next;
            exit;
        end loop;
    end loop;
end $told$;

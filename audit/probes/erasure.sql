-- "personal": what only a person's user and profile (or whatever has the user's id as its uuid) hold; "leave" deletes the
-- user and returns where those texts, or the person's id beside a text about them, still are.
create temp table personal (who text, value text, attribute text) on commit drop;

create function pg_temp.gather(leavers text[]) returns void language plpgsql as $gather$
declare
    t record;
begin
    for t in
        select a.name, a.key[1] as key,
               a.texts || case when a.name = 'auth.users' then '{raw_user_meta_data}'::text[] else '{}' end as texts
        from pg_temp.audited a
        -- An id of users is a uuid; a text may hold one in made-up rows alone.
        where a.key_type = 'uuid' and exists (
            select from pg_temp.stored s where s.relation = a.name and s.key = any (leavers))
    loop
        execute pg_catalog.format(
            'insert into pg_temp.personal
             select min(r.content ->> %L), leaf, min(e.key)
             from (select pg_catalog.to_jsonb(x.*) as content from %s as x) as r
             cross join lateral pg_catalog.jsonb_each(r.content) as e
             cross join lateral pg_temp.leaves(e.value) as leaf
             where e.key = any ($1) and length(leaf) > 5
             group by leaf having count(distinct r.content ->> %1$L) = 1 and min(r.content ->> %1$L) = any ($2)',
            t.key, t.name) using t.texts, leavers;
        -- "Member 1" is in "Member 12": what is part of what another one has there tells nobody apart.
        execute pg_catalog.format(
            'delete from pg_temp.personal p where exists (
                 select from (select pg_catalog.to_jsonb(x.*) as content from %s as x) as r
                 where r.content ->> %L <> p.who and pg_catalog.strpos(r.content ->> p.attribute, p.value) > 0)',
            t.name, t.key);
    end loop;
end $gather$;

create function pg_temp.leave(who text, caller name, trails text, personal text)
returns table (relation text, attribute text, kind text, code text, message text, named text)
language plpgsql as $leave$
declare
    mine text[] := array(select distinct p.value from pg_temp.personal p where p.who = leave.who);
    t record;
    place text;
    hits record;
    found jsonb := '[]';
    problem record;
    done boolean := false;
begin
    begin
        perform pg_temp.audit_by(caller, pg_catalog.format('delete from auth.users u where u.id::text = %L', who));
        for t in
            select a.name, a.oid, array(
                select quote_ident(c.attname) from pg_catalog.pg_attribute c
                join pg_catalog.pg_type y on y.oid = c.atttypid
                where c.attrelid = a.oid and c.attnum > 0 and not c.attisdropped
                and (y.typcategory in ('S', 'A') or y.typname in ('json', 'jsonb', 'uuid') or y.typtype in ('d', 'c'))
            ) as columns
            from pg_temp.audited a
            where not a.partition and a.name <> 'auth.users' and a.relname !~* trails
        loop
            continue when t.columns = '{}';
            for hits in execute pg_catalog.format(
                'select e.key as attribute,
                        bool_or(exists (select from unnest($1) as m where pg_catalog.strpos(leaf, m) > 0)) as text,
                        -- What is said beside a list of people is not about one of them, and a key says nothing.
                        bool_or(leaf = $2 and pg_catalog.jsonb_typeof(e.value) <> ''array'' and exists (
                            select from pg_catalog.jsonb_each_text(r.content) as o
                            where o.key ~* $3 and o.key !~* ''_id$'' and length(o.value) > 1)) as id
                 from (
                     select pg_catalog.to_jsonb(x.*) as content from (select %s from %s) as x
                     where exists (
                         select from unnest($1 || $2) as m where pg_catalog.strpos(x::text, m) > 0)
                 ) as r
                 cross join lateral pg_catalog.jsonb_each(r.content) as e
                 cross join lateral pg_temp.leaves(e.value) as leaf
                 group by 1', pg_catalog.array_to_string(t.columns, ', '), t.name) using mine, who, personal
            loop
                if hits.text or hits.id then
                    found := found || pg_catalog.jsonb_build_object(
                        'r', t.name, 'a', hits.attribute, 'k', case when hits.text then 'text' else 'id' end);
                end if;
            end loop;
        end loop;
        done := true;
        raise exception using errcode = 'ZZ000';
    exception
        when insufficient_resources or operator_intervention then raise;
        when others then
            if not done then  -- the project's code may raise what is raised here
                get stacked diagnostics code = returned_sqlstate, message = message_text, named = constraint_name,
                    attribute = column_name, relation = table_name, place = schema_name;
                relation := pg_catalog.format('%I.%I', place, relation);
                kind := 'refused';
                return next;
                return;
            end if;
    end;
    code := null; message := null; named := null;
    for problem in
        select x ->> 'r' as relation, x ->> 'a' as attribute, x ->> 'k' as kind
        from pg_catalog.jsonb_array_elements(found) as x
        -- A text that only made-up rows fill with a user's id, as the owner of a repository is a name elsewhere, is none:
        -- but for one that is called an id or a person's, or that a policy looks at.
        where x ->> 'k' <> 'id' or not exists (
            select from pg_catalog.pg_attribute c join pg_catalog.pg_type y on y.oid = c.atttypid
            where c.attrelid = pg_catalog.to_regclass(x ->> 'r') and c.attname = x ->> 'a'
            and y.typcategory = 'S' and c.attname !~* 'u?id$|user|_by$' and not exists (
                select from pg_catalog.pg_depend d
                where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
                and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                and d.refobjid = c.attrelid and d.refobjsubid = c.attnum))
    loop
        relation := problem.relation; attribute := problem.attribute; kind := problem.kind;
        return next;
    end loop;
end $leave$

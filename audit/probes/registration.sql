-- Signing up as the service does it: a row of auth.users, and whatever the project's triggers make of it.

-- Signs somebody up, tells what that wrote, and undoes it: one row for each row written, "written", and at last one
-- row that says how it ended: "done", or "refused" with the error. "words" are the columns of auth.users.
create function pg_temp.sign_up(caller name, words jsonb)
returns table (kind text, relation text, content jsonb, code text, message text, place text, named text)
language plpgsql set search_path = '' as $sign_up$
declare
    service_path text := coalesce((
        -- As that login has it; by default the schema auth alone.
        select pg_catalog.split_part(setting, '=', 2)
        from pg_catalog.pg_roles r, unnest(r.rolconfig) as setting
        where r.rolname = caller and setting like 'search\_path=%'), 'auth');
    columns text;
    began pg_catalog.xid;
    found jsonb := '[]';
    t record;
    written jsonb;
begin
    select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') into columns
    from pg_catalog.pg_attribute a
    where a.attrelid = pg_catalog.to_regclass('auth.users') and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = '' and words ? a.attname::text;
    begin
        insert into pg_temp.begun (n) values (1) returning xmin into began;
        perform pg_catalog.set_config('role', caller, true), pg_catalog.set_config('search_path', service_path, true);
        execute pg_catalog.format(
            'insert into auth.users (%s) select %1$s from pg_catalog.jsonb_populate_record(null::auth.users, $1)',
            columns) using words;
        set constraints all immediate;
        perform pg_catalog.set_config('role', 'none', true), pg_catalog.set_config('search_path', '', true);
        for t in
            select c.oid, c.oid::pg_catalog.regclass::text as name,
                   coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)::pg_catalog.regclass::text as title
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'r' and c.relpersistence <> 't'
            and n.nspname <> all (pg_catalog.string_to_array(pg_catalog.current_setting('audit.platform'), chr(10)))
            and n.nspname !~ '^pg_|^information_schema$'
        loop
            for written in execute pg_catalog.format(
                'select pg_catalog.to_jsonb(audit_row.*) from %s as audit_row
                 where pg_catalog.age(audit_row.xmin) <= pg_catalog.age($1) limit 50', t.name) using began
            loop
                found := found || pg_catalog.jsonb_build_object('relation', t.title, 'content', written);
            end loop;
        end loop;
        raise exception using errcode = 'ZZ000';
    exception
        when sqlstate 'ZZ000' then null;
        when insufficient_resources or operator_intervention then raise;
        when others then
            get stacked diagnostics code = returned_sqlstate, message = message_text, place = pg_exception_context,
                relation = table_name, named = column_name, columns = constraint_name;
            named := pg_catalog.concat_ws(' ', nullif(relation, ''), nullif(named, ''), nullif(columns, ''));
            relation := null;
            kind := 'refused';
            return next;
            return;
    end;
    kind := 'written';
    for t in select x ->> 'relation' as relation, x -> 'content' as content
             from pg_catalog.jsonb_array_elements(found) as x
    loop
        relation := t.relation;
        content := t.content;
        return next;
    end loop;
    kind := 'done';
    relation := null;
    content := null;
    return next;
end $sign_up$;

create temp table begun (n int) on commit drop;

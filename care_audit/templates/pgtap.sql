-- How many of the rows for which a condition holds there are, and how many of them somebody reaches by a command. What is
-- done is undone at once. Whoever cannot name a row by its key cannot change it by itself: such tables are read only.
create function pg_temp.there(tab text, within text) returns bigint language plpgsql as $$
declare found_rows bigint;
begin
    execute pg_catalog.format('select count(*) from %s where %s', tab, within) into found_rows;
    return found_rows;
end
$$;

create function pg_temp.key_of(tab text) returns text language sql as $$
    select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum)
    from pg_catalog.pg_index i
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey::smallint[])
    where i.indrelid = tab::pg_catalog.regclass and i.indisprimary
$$;

create function pg_temp.columns_of(tab text, who text, what text) returns text language sql as $$
    select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum)
    from pg_catalog.pg_attribute a
    where a.attrelid = tab::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = '' and a.attidentity <> 'a'
    and pg_catalog.has_column_privilege(who, a.attrelid, a.attnum, what)
$$;

-- Whether one statement, as somebody, is let through: how many rows it reached, and nothing where it was refused.
create function pg_temp.let_through(who text, token text, statement text, counts boolean) returns bigint
language plpgsql as $$
declare reached_rows bigint;
begin
    begin
        perform pg_catalog.set_config('request.jwt.claims', token, true),
            pg_catalog.set_config('request.jwt.claim.sub', coalesce(token::jsonb ->> 'sub', ''), true),
            pg_catalog.set_config('row_security', 'on', true), pg_catalog.set_config('role', who, true);
        if counts then
            execute statement into reached_rows;
        else
            execute statement;
            get diagnostics reached_rows = row_count;
        end if;
        raise exception sqlstate 'CA000';
    exception
        when sqlstate 'CA000' then null;
        when insufficient_privilege or raise_exception then reached_rows := 0;
        -- Let through, and then kept back by a key or a check: who may is not what refused.
        when integrity_constraint_violation or foreign_key_violation or unique_violation or check_violation
            or not_null_violation or exclusion_violation then reached_rows := 1;
        when others then reached_rows := -1;
    end;
    return reached_rows;
end
$$;

create function pg_temp.reached(tab text, command text, who text, token text, within text) returns bigint
language plpgsql as $$
declare
    key text := pg_temp.key_of(tab);
    named text := pg_temp.columns_of(tab, who, case when command = 'update' then 'update' else 'insert' end);
    sum_rows bigint := 0;
    each_row record;
    place text;
    statement text;
begin
    if command = 'select' then
        -- Counted by key, so that the condition is asked of the owner's rows: it may read what the caller cannot.
        if key is null then
            return pg_temp.let_through(who, token, pg_catalog.format(
                'select count(*) from %s where %s', tab, within), true);
        end if;
        for each_row in execute pg_catalog.format(
            'select pg_catalog.to_jsonb(t) as content from %s t where %s', tab, within)
        loop
            sum_rows := sum_rows + pg_temp.let_through(who, token, pg_catalog.format(
                'select count(*) from %1$s t where (%2$s) = (select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, %3$L))',
                tab, key, each_row.content), true);
        end loop;
        return sum_rows;
    end if;
    if (key is null and command <> 'insert') or (named is null and command <> 'delete') then
        return 0;
    end if;
    for each_row in execute pg_catalog.format(
        'select t.ctid as place, pg_catalog.to_jsonb(t) as content from %s t where %s', tab, within)
    loop
        place := pg_catalog.format(
            '(%2$s) = (select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, %3$L))',
            tab, key, each_row.content);
        statement := case command
            when 'delete' then pg_catalog.format('delete from %s where %s', tab, place)
            when 'update' then pg_catalog.format('update %1$s set %2$s = %2$s where %3$s',
                tab, pg_catalog.split_part(named, ', ', 1), place)
            else pg_catalog.format(
                'insert into %1$s (%2$s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, %3$L)',
                tab, named, each_row.content) end;
        begin
            if command = 'insert' then  -- the row itself, anew
                perform pg_catalog.set_config('session_replication_role', 'replica', true);
                execute pg_catalog.format('delete from %s where ctid = %L', tab, each_row.place);
                perform pg_catalog.set_config('session_replication_role', 'origin', true);
            end if;
            sum_rows := sum_rows + pg_temp.let_through(who, token, statement, false);
            raise exception sqlstate 'CA000';
        exception when sqlstate 'CA000' then null;
        end;
    end loop;
    return sum_rows;
end
$$;

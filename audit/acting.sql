-- How people act: each role by a function of its own, which belongs to it and has its owner's rights. As long as such a
-- function runs, the server lets nobody become another role, so that nothing of the project that runs becomes the auditor, and
-- reads or writes what the auditor notes.

-- By which function a role acts, and what it does.
create temp table audit_role (role name primary key, id oid, source text) on commit drop;

create function pg_temp.audit_meddled() returns void language plpgsql as $$ begin
    raise exception using errcode = '57000', message = 'code of the project changed what is asked';
end $$;

-- Makes the function by which a role acts: it executes a statement, and what waits for the end of the transaction with it
-- where that is to be "settled"; it returns the one value that is "asked" for, or how many rows were written.
create function pg_temp.audit_cast(role name) returns void language plpgsql set search_path = 'pg_temp' as $$
declare
    lacks boolean := not pg_catalog.has_database_privilege(role, pg_catalog.current_database(), 'temporary');
begin
    if lacks then execute pg_catalog.format('grant temporary on database %I to %I', pg_catalog.current_database(), role); end if;
    perform pg_catalog.set_config('role', role, true);
    execute pg_catalog.format($f$
        create function pg_temp.%1$I(statement text, given jsonb, other jsonb, settled boolean, asked boolean) returns text
        language plpgsql security definer as $b$
        declare
            answer pg_catalog.text;
            written pg_catalog.int8;
        begin
            if asked then
                execute statement into answer using given, other;
            else
                execute statement using given, other;
                get diagnostics written = row_count;
                answer := written;
            end if;
            if settled then set constraints all immediate; end if;
            return answer;
        end $b$;
        revoke all on function pg_temp.%1$I(text, jsonb, jsonb, boolean, boolean) from public $f$, 'audit_as ' || role);
    perform pg_catalog.set_config('role', 'none', true);
    insert into pg_temp.audit_role
    select role, p.oid, p.prosrc from pg_catalog.pg_proc p
    where p.oid = pg_catalog.format('pg_temp.%I(text, jsonb, jsonb, boolean, boolean)', 'audit_as ' || role)::pg_catalog.regprocedure;
    if lacks then execute pg_catalog.format('revoke temporary on database %I from %I', pg_catalog.current_database(), role); end if;
end $$;

-- Has somebody with this role execute one statement. Whoever calls undoes it, and is the auditor again where it fails.
create function pg_temp.audit_by(
    role text, statement text, given jsonb default null, other jsonb default null, settled boolean default true, asked boolean default false
) returns text language plpgsql as $$
declare
    answer pg_catalog.text;
    made pg_catalog.text;
begin
    select p.prosrc into made
    from pg_temp.audit_role r
    left join pg_catalog.pg_proc p on p.oid operator(pg_catalog.=) r.id
        and p.prosecdef and p.prosrc operator(pg_catalog.=) r.source and p.proconfig is null
    where r.role operator(pg_catalog.=) audit_by.role;
    if not found then
        perform pg_temp.audit_cast(role);
    elsif made is null then
        -- The role could make something else of its function, and what is tried for one row stays while the next is.
        perform pg_temp.audit_meddled();
    end if;
    perform pg_catalog.set_config('role', role, true);
    -- What is planned once takes half the time: nearly all that is tried is tried by these two.
    if role operator(pg_catalog.=) 'authenticated' then
        answer := pg_temp."audit_as authenticated"(statement, given, other, settled, asked);
    elsif role operator(pg_catalog.=) 'anon' then
        answer := pg_temp."audit_as anon"(statement, given, other, settled, asked);
    else
        execute pg_catalog.format('select pg_temp.%I($1, $2, $3, $4, $5)', 'audit_as ' || role) into answer
            using statement, given, other, settled, asked;
    end if;
    perform pg_catalog.set_config('role', 'none', true);
    return answer;
end $$;

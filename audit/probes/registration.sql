-- Signing up as the service does it: a row of auth.users, and whatever the project's triggers make of it.

-- Adds a row of auth.users as "caller", with the search_path of that login, which stays; by default auth alone.
create function pg_temp.register(caller name, words jsonb) returns void language plpgsql as $register$
declare
    service_path text := coalesce((
        select pg_catalog.split_part(setting, '=', 2)
        from pg_catalog.pg_roles r, pg_catalog.unnest(r.rolconfig) as setting
        where r.rolname = caller and setting like 'search\_path=%'), 'auth');
    columns text;
begin
    select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') into columns
    from pg_catalog.pg_attribute a
    where a.attrelid = pg_catalog.to_regclass('auth.users') and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = '' and words ? a.attname::text;
    perform pg_catalog.set_config('search_path', service_path, true);
    perform pg_temp.audit_by(caller, pg_catalog.format(
        'insert into auth.users (%s) select %1$s from pg_catalog.jsonb_populate_record(null::auth.users, $1)', columns), words);
end $register$;

-- Signs somebody up, tells what that wrote, and undoes it: one row for each row written, "written", and at last one
-- row that says how it ended: "done", or "refused" with the error. "words" are the columns of auth.users.
create function pg_temp.sign_up(caller name, words jsonb)
returns table (kind text, relation text, content jsonb, code text, message text, place text, named text)
language plpgsql set search_path = '' as $sign_up$
declare
    columns text;
    began pg_catalog.xid;
    found jsonb := '[]';
    t record;
    written jsonb;
    done boolean := false;
begin
    begin
        insert into pg_temp.begun (n) values (1) returning xmin into began;
        perform pg_temp.register(caller, words);
        perform pg_catalog.set_config('search_path', '', true);
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
        done := true;
        raise exception using errcode = 'ZZ000';
    exception
        when insufficient_resources or operator_intervention then raise;
        when others then
            if not done then  -- the project's code may raise what is raised here
                get stacked diagnostics code = returned_sqlstate, message = message_text, place = pg_exception_context,
                    relation = table_name, named = column_name, columns = constraint_name;
                named := pg_catalog.concat_ws(' ', nullif(relation, ''), nullif(named, ''), nullif(columns, ''));
                relation := null;
                kind := 'refused';
                return next;
                return;
            end if;
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

-- Signs somebody up, and tells how many rows of each of these tables they then see that were there before, and do not name
-- them; undone. Nothing where signing up fails.
create function pg_temp.sights(caller name, words jsonb, names text[]) returns table (relation text, seen bigint)
language plpgsql set search_path = '' as $sights$
declare
    began pg_catalog.xid;
    person text := words ->> 'id';
    found jsonb := '{}';
    t record;
    n bigint;
begin
    begin
        insert into pg_temp.begun (n) values (1) returning xmin into began;
        perform pg_temp.register(caller, words);
        perform pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('request.jwt.claim.sub', person, true),
            pg_catalog.set_config('request.jwt.claim.role', 'authenticated', true),
            pg_catalog.set_config('request.jwt.claims', pg_catalog.jsonb_build_object(
                'sub', person, 'role', 'authenticated', 'aud', 'authenticated',
                'user_metadata', words -> 'raw_user_meta_data', 'app_metadata', words -> 'raw_app_meta_data')::text, true);
        for t in select x as name from unnest(names) as x loop
            begin
                n := pg_temp.audit_by('authenticated', pg_catalog.format(
                    'select pg_catalog.count(*) from %s as audit_row
                     where pg_catalog.age(audit_row.xmin) > pg_catalog.age(%L::pg_catalog.xid)
                     and pg_catalog.strpos(pg_catalog.to_jsonb(audit_row.*)::text, %L) = 0', t.name, began, person),
                    settled => false, asked => true);
                found := found || pg_catalog.jsonb_build_object(t.name, n);
            exception
                when insufficient_resources or operator_intervention then raise;
                when others then null;  -- a refusal is an answer
            end;
        end loop;
        raise exception using errcode = 'ZZ000';
    exception
        when sqlstate 'ZZ000' then null;
        when insufficient_resources or operator_intervention then raise;
        when others then null;  -- nobody has signed up
    end;
    return query select e.key, e.value::bigint from pg_catalog.jsonb_each_text(found) as e;
end $sights$;

-- What the service does for somebody who is there already, in the order in which it does it: what it is called, and the
-- statement, of which {} is the person's id. Each is done after those before it; one that is refused is passed over.
-- Source: https://github.com/supabase/auth/tree/master/internal/models (user.go, sessions.go, refresh_token.go, amr.go)
create function pg_temp.visits() returns table (n int, step text, statement text) language sql set search_path = '' as $$
    values
        (1, 'confirm an address', 'update auth.users set email_confirmed_at = pg_catalog.now(), confirmation_token = '''',
             updated_at = pg_catalog.now() where id = %1$L'),
        (2, 'sign in', 'insert into auth.sessions (id, user_id, created_at, updated_at, aal) values
             (%2$L, %1$L, pg_catalog.now(), pg_catalog.now(), ''aal1'')'),
        (3, 'sign in', 'insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
             values (pg_catalog.gen_random_uuid(), %2$L, pg_catalog.now(), pg_catalog.now(), ''password'')'),
        (4, 'sign in', 'insert into auth.refresh_tokens (token, user_id, revoked, created_at, updated_at, session_id) values
             (%2$L, %1$L, false, pg_catalog.now(), pg_catalog.now(), %2$L)'),
        (5, 'sign in', 'update auth.users set last_sign_in_at = pg_catalog.now(), updated_at = pg_catalog.now()
             where id = %1$L'),
        (6, 'sign in', 'update auth.identities set last_sign_in_at = pg_catalog.now(), updated_at = pg_catalog.now()
             where user_id = %1$L'),
        (7, 'stay signed in', 'update auth.refresh_tokens set revoked = true, updated_at = pg_catalog.now()
             where token = %2$L'),
        (8, 'stay signed in', 'insert into auth.refresh_tokens
             (token, user_id, revoked, created_at, updated_at, session_id, parent) values
             (''next '' || %2$L, %1$L, false, pg_catalog.now(), pg_catalog.now(), %2$L, %2$L)'),
        (9, 'stay signed in', 'update auth.sessions set refreshed_at = pg_catalog.now(), updated_at = pg_catalog.now()
             where id = %2$L'),
        (10, 'ask for a new password', 'update auth.users set recovery_token = %2$L, recovery_sent_at = pg_catalog.now(),
             updated_at = pg_catalog.now() where id = %1$L'),
        (11, 'set a password', 'update auth.users set encrypted_password = ''$2a$10$other'', recovery_token = '''',
             updated_at = pg_catalog.now() where id = %1$L'),
        (12, 'change the metadata', 'update auth.users set raw_user_meta_data = coalesce(raw_user_meta_data, ''{}'')
             || ''{"theme": "dark"}'', updated_at = pg_catalog.now() where id = %1$L'),
        (13, 'sign out', 'delete from auth.sessions where id = %2$L')
$$;

-- Lets the service do all of that for somebody, and undoes it: one row for each step that was refused, or that wrote less
-- than was there to write. "words" are columns of auth.users of somebody who signs up first, null for who is there.
create function pg_temp.visit(caller name, person text, words jsonb)
returns table (step text, swallowed bool, code text, message text, place text, named text)
language plpgsql set search_path = '' as $visit$
declare
    path text := coalesce((
        select pg_catalog.split_part(setting, '=', 2)
        from pg_catalog.pg_roles r, unnest(r.rolconfig) as setting
        where r.rolname = caller and setting like 'search\_path=%'), 'auth');
    session text := 'a4d1f7c2-6b0e-4e59-8c37-25f0b9d81e64';
    task record;
    done bigint;
    wanted bigint;
    gone text;
begin
    begin
        if words is not null then
            perform pg_temp.register(caller, words);
            set constraints all deferred;
        end if;
        for task in select v.* from pg_temp.visits() v order by v.n loop
            wanted := 1;
            if task.n = 6 then
                execute 'select pg_catalog.count(*) from auth.identities where user_id::text = $1'
                into wanted using person;
            end if;
            begin
                perform pg_catalog.set_config('search_path', path, true);
                done := pg_temp.audit_by(caller, pg_catalog.format(task.statement, person, session));
                set constraints all deferred;
                perform pg_catalog.set_config('search_path', '', true);
                if done < wanted then
                    step := task.step; swallowed := true; code := null; message := null; place := null; named := null;
                    return next;
                end if;
            exception
                when undefined_table or undefined_column then null;  -- an older service has no such thing
                when insufficient_resources or operator_intervention then raise;
                when others then
                    get stacked diagnostics code = returned_sqlstate, message = message_text, gone = table_name,
                        place = pg_exception_context;
                    step := task.step; swallowed := false; named := gone;
                    return next;
            end;
        end loop;
        raise exception using errcode = 'ZZ000';
    exception
        when sqlstate 'ZZ000' then null;
        when insufficient_resources or operator_intervention then raise;
        when others then null;  -- who cannot sign up cannot sign in, and is told already
    end;
end $visit$;

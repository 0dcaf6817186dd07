-- The login for audits of a live database: it can see what the policies ask about, and change nothing.
--
-- Run it once, and again after an update of the audit, as the owner of the database: on Supabase as postgres, in the SQL
-- editor. It grants what it can and says in notices what it could not. It sets no password; in psql: \password care_auditor
--
-- The login may read single columns, and no text of a member's but the names and places that the dashboard shows
-- (HELP-04). What a policy needs beyond that, the report says with the policy, together with the grant.

do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'care_auditor') then
        create role care_auditor login;
    end if;
end
$$;

-- One for the questions; two more while the shadow is made. One is to spare, for a session that ends late.
alter role care_auditor login connection limit 4;

-- The audit sets all this by itself, for each transaction. It counts for whoever else uses the login.
alter role care_auditor set default_transaction_read_only = on;
alter role care_auditor set statement_timeout = '30s';
alter role care_auditor set lock_timeout = '2s';
alter role care_auditor set idle_in_transaction_session_timeout = '60s';

-- What sessions do, statistics and settings (https://www.postgresql.org/docs/current/predefined-roles.html), and all
-- rows: without that, a policy about the rows of a table with row level security is unchecked. To give the latter, one
-- must have it, and be a superuser up to PostgreSQL 15.
do $$
begin
    begin
        grant pg_monitor to care_auditor;
    exception when insufficient_privilege then
        raise notice 'not granted: pg_monitor. What sessions and statements do will be unchecked: %', sqlerrm;
    end;
    begin
        alter role care_auditor bypassrls;
    exception when insufficient_privilege then
        raise notice 'not given: bypassrls. Tables with row level security will be unchecked: %', sqlerrm;
    end;
end
$$;

-- Columns, by relation, that the policies' questions name. A test keeps both in step. What migrations said and jobs do is
-- for the comparison with the files (make drift).
do $$
declare
    wanted record;
    relation oid;
    columns text;
    missing text;
begin
    for wanted in
        select *
        from (values
            ('auth', 'users', 'id, created_at'),
            ('public', 'profiles', 'id, name, location'),
            ('public', 'help_requests', 'id, user_id, helper_id, category, urgency, status, created_at, helped_at, '
                                        'completed_at, cancelled_at'),
            ('public', 'contact_exchanges', 'id, request_id, helper_id, requester_id, exchanged_at, confirmed_at'),
            ('public', 'contact_exchange_audit', 'exchange_id'),
            ('public', 'conversations', 'id, last_message_at'),
            ('public', 'conversation_participants', 'conversation_id, user_id, joined_at, left_at'),
            ('public', 'messages', 'id, conversation_id, sender_id, status, created_at, read_at'),
            ('public', 'unhealthy_metrics', 'metric, count'),
            ('storage', 'buckets', 'id, name, public, file_size_limit, allowed_mime_types'),
            ('supabase_migrations', 'schema_migrations', 'version, statements'),
            ('cron', 'job', 'jobid, jobname, schedule, command, database, username, active')
        ) as relations (schema, name, columns)
    loop
        select c.oid into relation
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = wanted.schema and c.relname = wanted.name;
        continue when relation is null;
        select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum) into columns
        from pg_catalog.pg_attribute a
        where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
        and a.attname = any (pg_catalog.string_to_array(wanted.columns, ', '));
        if columns is null then
            raise notice 'not granted: %.% has none of the columns %', wanted.schema, wanted.name, wanted.columns;
            continue;
        end if;
        begin
            execute pg_catalog.format('grant usage on schema %I to care_auditor', wanted.schema);
            execute pg_catalog.format('grant select (%s) on %I.%I to care_auditor', columns, wanted.schema, wanted.name);
        exception when insufficient_privilege then
            null;  -- looked at below, as is a grant of which only a warning told that it had no effect
        end;
        select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum) into missing
        from pg_catalog.pg_attribute a
        where a.attrelid = relation and a.attname = any (pg_catalog.string_to_array(wanted.columns, ', '))
        and not pg_catalog.has_column_privilege('care_auditor', relation, a.attnum, 'select');
        if missing is not null or not pg_catalog.has_schema_privilege('care_auditor', wanted.schema, 'usage') then
            raise notice 'not granted: usage on schema %, select (%) on %.%',
                wanted.schema, coalesce(missing, columns), wanted.schema, wanted.name;
        end if;
    end loop;
end
$$;

-- What statements take (PERF-01): the schema of pg_stat_statements. What the runbook's own checks say (AUTH-06, RLS-11).
-- How far keys have got (MAINT-04, MAINT-13): sequences, integer primary keys, and the columns that sequences fill.
do $$
declare
    wanted record;
begin
    for wanted in
        select pg_catalog.format('grant usage on schema %I to care_auditor', n.nspname) as statement
        from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'pg_stat_statements'
        union all
        select pg_catalog.format('grant execute on function %s to care_auditor', f.name)
        from (values
            (pg_catalog.to_regprocedure('public.verify_user_registration_system()')),
            (pg_catalog.to_regprocedure('public.verify_rls_security()'))
        ) as f (name) where f.name is not null
        union all
        select pg_catalog.format('grant select on sequence %s to care_auditor', c.oid::pg_catalog.regclass)
        from pg_catalog.pg_class c
        where c.relkind = 'S' and c.relnamespace = pg_catalog.to_regnamespace('public')
        union all
        select pg_catalog.format('grant select (%I) on %s to care_auditor', a.attname, c.oid::pg_catalog.regclass)
        from pg_catalog.pg_index x
        join pg_catalog.pg_class c on c.oid = x.indrelid and c.relkind in ('r', 'p')
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[0]
        where x.indisprimary and c.relnamespace = pg_catalog.to_regnamespace('public')
        and a.atttypid in ('smallint'::pg_catalog.regtype, 'integer'::pg_catalog.regtype)
        union all
        select pg_catalog.format('grant select (%I) on %s to care_auditor', a.attname, c.oid::pg_catalog.regclass)
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p')
        left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
        where c.relnamespace = pg_catalog.to_regnamespace('public')
        and (a.attidentity <> '' or pg_catalog.pg_get_expr(f.adbin, f.adrelid) like 'nextval(%')
    loop
        begin
            execute wanted.statement;
        exception when insufficient_privilege then
            raise notice 'not done: %: %', wanted.statement, sqlerrm;
        end;
    end loop;
end
$$;

-- The shadow: people act on a copy of the schema that pg_dump makes with this login. pg_dump locks each table, and the
-- server allows that to whoever may read all of it. Whoever has the login's password can then read everything; without
-- this the policies in which people act are unchecked. docs/live.md weighs both.
-- grant pg_read_all_data to care_auditor;

"""Runbook, monitoring and prevention: what the server is doing at this moment."""

from pytest import mark

from audit.advice import decide, inert

RUNBOOK = "Monitoring & Prevention"

# The sessions that can offend: people's and programs' own, in this database. Autovacuum and replication are no client
# backends; the audit and backups are known by their application names.
# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
OTHERS = """
    a.datname = pg_catalog.current_database()
    and a.pid <> pg_catalog.pg_backend_pid()
    and not pg_catalog.starts_with(coalesce(a.application_name, ''), 'care-collective-audit')
    and coalesce(a.application_name, '') not in ('pg_dump', 'pg_dumpall', 'pg_basebackup')
"""

CLIENTS = f"a.backend_type = 'client backend' and {OTHERS}"

SESSIONS = "select count(*) as \"sessions\" from pg_catalog.pg_stat_activity a where a.backend_type = 'client backend'"

# The right to see what others do, as a statement that gives it to the audit's login.
SEE_SESSIONS = "'grant pg_read_all_stats to ' || pg_catalog.quote_ident(current_user) || ';'"

# Without the right to read all statistics, other roles' sessions have a pid, a role and nothing else.
HIDDEN = f"""
    select case when a.backend_type is null then 'what other sessions do is hidden from the audit'
        else 'a session does not tell what it does: its role or database has track_activities off' end,
        case when a.backend_type is null then {SEE_SESSIONS} end
    from pg_catalog.pg_stat_activity a
    where a.usesysid is not null and {OTHERS}
    and (a.backend_type is null or a.backend_type = 'client backend' and a.state = 'disabled')
"""

# A role can be dropped while its sessions go on.
NAME = """
    pg_catalog.format('session %%s of %%s', a.pid, coalesce(pg_catalog.quote_ident(a.usename), 'a dropped role'))
"""

# backend_start tells the session from a later one with the same pid. Since 14 the server can wait for the end.
END = """
    pg_catalog.format(
        E'-- Ends the session; what it has not committed is undone.\\n' ||
        'select pg_terminate_backend(pid%%s) from pg_stat_activity where pid = %%s and backend_start = %%L;',
        case when pg_catalog.current_setting('server_version_num')::int >= 140000 then ', 5000' end,
        a.pid, a.backend_start)
"""


@mark.policy(
    "MON-01",
    severity="P0",
    wrong="The database does not answer as it must, or its version is no longer supported",
    runbook=RUNBOOK,
    fix="-- {object}: {problem}.\n-- {advice}.",
)
def test_the_server_is_supported_and_in_its_role(auditor):
    """The database answers, is of a supported major version, and is the primary or standby that it is said to be.

    An unsupported version gets no security fixes; the dates are those of https://www.postgresql.org/support/versioning/
    (a version newer than the list counts as supported). A standby, or a primary that was set to be read-only, which
    Supabase does when the disk is full, takes no sign-ups and no messages. A standby that is meant to be one: set
    expected_role in audit.toml.
    """
    assert not auditor(
        """
        with versions (major, last_day) as (values
            (14, date '2026-11-12'), (15, date '2027-11-11'), (16, date '2028-11-09'), (17, date '2029-11-08'),
            (18, date '2030-11-14'))
        select 'PostgreSQL ' || s.setting::int / 10000 as object,
               'the support of this major version has ended' as problem,
               v.last_day,
               'Upgrade to a supported major version' as advice
        from pg_catalog.pg_settings s left join versions v on v.major = s.setting::int / 10000
        where s.name = 'server_version_num'
        and (v.last_day < current_date or s.setting::int / 10000 < (select min(major) from versions))
        union all
        select 'the role of the server',
               case when pg_catalog.pg_is_in_recovery() then 'it is a standby' else 'it is a primary' end,
               null,
               'See whether a failover took place, and whether the audit was given the right address'
        where (case when pg_catalog.pg_is_in_recovery() then 'standby' else 'primary' end) <> %(expected_role)s
        union all
        select 'default_transaction_read_only',
               'it is on, so that the primary takes no writes',
               null,
               'See whether the disk is full; when there is room again, set it to off where it was set'
        where not pg_catalog.pg_is_in_recovery() and (
            exists (
                select from pg_catalog.pg_settings s
                where s.name = 'default_transaction_read_only' and s.setting = 'on'
                and s.source in ('configuration file', 'command line', 'environment variable', 'database', 'global'))
            or exists (
                select from pg_catalog.pg_db_role_setting r, unnest(r.setconfig) as config
                where r.setrole = 0 and r.setdatabase in (
                    0, (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()))
                and config ~* '^default_transaction_read_only=(on|1|t|true|y|yes)$'))
        """,
        of="select 1 as servers",
    )


@mark.policy(
    "MON-02",
    severity="P1",
    wrong="The server runs out of connections",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {used} of {available} connections are in use.
    -- See who holds them, and let applications connect through a pooler:
    -- select usename, application_name, state, count(*) from pg_stat_activity group by 1, 2, 3 order by 4 desc;
    """,
)
def test_connections_are_left(auditor):
    """Client connections are below 80 % of those that are available, on the server and in this database.

    When none is left, nobody can sign in. What is reserved for superusers and maintenance is not available. A limit of
    the database itself counts as well. Sessions that may be of clients, but are hidden from the audit, are counted as
    unknown.
    """
    limits = """
        with connections as (
            select a.datname, a.backend_type is null as hidden from pg_catalog.pg_stat_activity a
            where a.backend_type = 'client backend' or a.backend_type is null and a.usesysid is not null
        ), limits as (
            select 'the server' as object,
                   pg_catalog.current_setting('max_connections')::int
                   - pg_catalog.current_setting('superuser_reserved_connections')::int
                   - coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0) as available,
                   null::name as datname
            union all
            select pg_catalog.format('database %%I', d.datname), d.datconnlimit, d.datname
            from pg_catalog.pg_database d where d.datname = pg_catalog.current_database() and d.datconnlimit >= 0
        ), used as (
            select l.object, l.available, count(*) filter (where not c.hidden) as used, count(c.hidden) as possibly
            from limits l left join connections c on l.datname is null or c.datname = l.datname
            group by l.object, l.available
        )
        """
    assert not auditor(
        limits + "select object, used, available from used where used * 100 >= available * %(connections_percent)s",
        of="""
        select count(*) as "client connections" from pg_catalog.pg_stat_activity a
        where a.backend_type = 'client backend'
        """,
        blind=limits
        + f"""
        select 'which sessions are clients is hidden from the audit', {SEE_SESSIONS}
        from used where possibly * 100 >= available * %(connections_percent)s
        """,
    )


# Queries of people and programs that run at the moment.
RUNNING = f"""
select {NAME} as object,
       a.query_start as since, a.wait_event_type as waits_for,
       pg_catalog.to_jsonb(a) ->> 'query_id' as query_id,
       {END} as fix
from pg_catalog.pg_stat_activity a
where {CLIENTS} and a.state in ('active', 'fastpath function call')
"""


@mark.policy(
    "MON-03",
    severity="P1",
    wrong="Queries have been running for more than 30 seconds",
    runbook=RUNBOOK,
    fix="-- {object} runs since {since}: see what it waits for.",
)
def test_no_query_runs_long(auditor):
    """No query of this database has been running for more than 30 seconds.

    A query that runs that long holds its snapshot, its locks and a connection. Autovacuum, replication, the audit
    itself and backups (pg_dump, by its application name) are no offenders. A VACUUM or an index build by hand is one:
    accept it with a waiver, or audit at another time.
    """
    assert not auditor(
        f"{RUNNING} and a.query_start < pg_catalog.clock_timestamp() - %(long_query_seconds)s * interval '1 second'",
        of=SESSIONS,
        blind=HIDDEN,
    )


@mark.policy(
    "MON-04",
    severity="P3",
    wrong="Queries have been running for more than 1 second",
    runbook=RUNBOOK,
    fix="-- {object} runs since {since}: see what it waits for.",
)
def test_no_query_is_slow_right_now(auditor):
    """No query of this database is running for more than 1 second at the moment of asking.

    A look at one moment: what is slow on the whole is PERF-01's to say. The same sessions as in MON-03 are looked at.
    """
    assert not auditor(
        f"{RUNNING} and a.query_start < pg_catalog.clock_timestamp() - %(busy_query_seconds)s * interval '1 second'",
        of=SESSIONS,
        blind=HIDDEN,
    )


@mark.policy(
    "MON-05",
    severity="P1",
    wrong="Sessions are idle in an open transaction",
    runbook=RUNBOOK,
    fix="-- {object} is idle since {since}.",
)
def test_no_session_idles_in_a_transaction(auditor):
    """No session of this database has been idle in a transaction for more than 5 minutes.

    It keeps its locks, and vacuum from removing dead rows, for as long as somebody forgot it. What counts is how long
    it has been idle, not how long its transaction is.
    """
    assert not auditor(
        f"""
        select {NAME} as object,
               a.state_change as since, a.xact_start as in_transaction_since, a.state,
               {END} as fix
        from pg_catalog.pg_stat_activity a
        where {CLIENTS} and a.state in ('idle in transaction', 'idle in transaction (aborted)')
        and a.state_change < pg_catalog.clock_timestamp() - %(idle_in_transaction_minutes)s * interval '1 minute'
        """,
        of=SESSIONS,
        blind=HIDDEN,
    )


@mark.policy(
    "MON-06",
    severity="P1",
    wrong="Sessions are waiting for locks",
    runbook=RUNBOOK,
    fix="-- {object} waits for {blocked_by} since {since}.",
)
def test_no_session_is_blocked(auditor):
    """No session of this database has been waiting for a lock for more than 30 seconds.

    Somebody looks at a page that does not load. The finding names who holds the lock; the fix ends those of them that
    do not wait themselves. Before PostgreSQL 14 the beginning of the query stands for the beginning of the wait.
    """
    assert not auditor(
        f"""
        with waiting as (
            select a.pid, {NAME} as object,
                   case when l.lock ? 'waitstart' then (l.lock ->> 'waitstart')::timestamptz else a.query_start end
                   as since
            from (select pg_catalog.to_jsonb(l) as lock, l.pid from pg_catalog.pg_locks l where not l.granted) as l
            join pg_catalog.pg_stat_activity a on a.pid = l.pid
            where a.usesysid is not null and a.datname = pg_catalog.current_database()
            and not pg_catalog.starts_with(coalesce(a.application_name, ''), 'care-collective-audit')
        ), blocked as (
            select w.*, pg_catalog.pg_blocking_pids(w.pid) as blockers from waiting w
            where w.since < pg_catalog.clock_timestamp() - %(blocked_seconds)s * interval '1 second'
        )
        select b.object, b.since,
               (select pg_catalog.string_agg(case when blocker = 0 then 'a prepared transaction' else coalesce(
                       (select {NAME}
                        from pg_catalog.pg_stat_activity a where a.pid = blocker), 'session ' || blocker) end, ', ')
                from (select distinct unnest(b.blockers) as blocker order by blocker) as by) as blocked_by,
               coalesce(
                   (select pg_catalog.string_agg({END}, E'\\n') from pg_catalog.pg_stat_activity a
                    where a.pid = any (b.blockers) and not exists (select from waiting w where w.pid = a.pid)),
                   '-- Who holds the lock waits as well, or is a prepared transaction: see to that one first.') as fix
        from blocked b
        """,
        of=SESSIONS,
        blind=f"""
        select 'how long other sessions wait is hidden from the audit', {SEE_SESSIONS}
        from pg_catalog.pg_stat_activity a
        where a.usesysid is not null and a.backend_type is null and {OTHERS}
        and pg_catalog.current_setting('server_version_num')::int < 140000
        """,
    )


UNHEALTHY_METRICS = decide(
    "{object}: {problem}. Decide what it is to count; in the reference it is this, and no API role may read it:",
    """
create or replace view public.unhealthy_metrics with (security_invoker = true) as
select 'Slow queries' as metric, count(*) as count
from pg_catalog.pg_stat_activity a
where a.state = 'active' and a.backend_type = 'client backend' and a.query_start < now() - interval '30 seconds'
union all
select 'Failed help requests', count(*)
from public.help_requests r where r.created_at > now() - interval '1 hour' and r.status is null;
revoke all on public.unhealthy_metrics from public, anon, authenticated;
""",
)


@mark.policy(
    "MON-07",
    severity="P1",
    wrong="The view public.unhealthy_metrics is open to the API, or counts something",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=UNHEALTHY_METRICS,
)
def test_the_unhealthy_metrics_are_zero(auditor):
    """The API's roles cannot read the view public.unhealthy_metrics, and whatever it counts is 0.

    Operators look at it first; that it is there is SCHEMA-01's. What it counts is taken over everybody's rows and
    sessions, which is nothing for the API to tell; a grant to PUBLIC or on single columns is one to the API's roles as
    well.
    """
    assert not auditor(
        """
        with metrics as (
            select c.oid, n.oid as schema from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'public' and c.relname = 'unhealthy_metrics' and c.relkind in ('v', 'm')
        )
        select pg_catalog.format('public.unhealthy_metrics for %%I', r.rolname) as object,
               'an API role can read it' as problem,
               pg_catalog.format('revoke all on public.unhealthy_metrics from public, %%I;', r.rolname) as fix
        from metrics m join pg_catalog.pg_roles r on r.rolname = any (%(api_roles)s)
        where pg_catalog.has_schema_privilege(r.oid, m.schema, 'usage')
        and pg_catalog.has_any_column_privilege(r.oid, m.oid, 'select')
        """,
        of="select 1 as views",
    )
    assert not auditor(
        """
        select pg_catalog.format('public.unhealthy_metrics, %%L', m.metric) as object, 'it counts' as problem, m.count,
               '-- See what it counts: select pg_get_viewdef(''public.unhealthy_metrics'', true);' as fix
        from pg_catalog.jsonb_to_recordset(%(told)s) as m (metric text, count numeric)
        where m.count is distinct from 0
        """,
        of="public.unhealthy_metrics",
        blind=HIDDEN,
        first="""
        select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('metric', m.metric, 'count', m.count))
        from public.unhealthy_metrics m
        """,
        search_path="public, extensions",
    )


@mark.policy(
    "MON-08",
    severity="P1",
    wrong="Help requests have no status",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    update public.help_requests set status = case
        when status is not null then status
        when cancelled_at is not null then 'cancelled'
        when completed_at is not null then 'completed'
        when helper_id is not null then 'in_progress'
        else 'open' end
    where id::text = {object} and status is null;
    """,
)
def test_every_help_request_has_a_status(auditor):
    """Every row of public.help_requests has a status.

    A request without one is on no list: neither the dashboard's nor the helper's. The runbook's view counts those of
    the last hour only; here all are looked at.
    """
    assert not auditor(
        "select r.id as object, r.created_at as since from public.help_requests r where r.status is null",
        of="public.help_requests",
    )


@mark.policy(
    "MON-09",
    severity="P3",
    wrong="The database or a table grows by more than 20 % a week",
    runbook=RUNBOOK,
    needs="history",
    fix="""
    -- {object} grew from {then_bytes} to {now_bytes} bytes.
    -- See what was written: something may be logging, importing or retrying without end, or nothing deletes any more.
    -- If it is bloat, PERF-02 and PERF-11 say so. If it is meant, waive it, and see how long the disk will do.
    """,
)
def test_nothing_grows_too_fast(auditor, growth):
    """The database and each of its tables grow no faster than 20 % a week.

    Compared with the sizes in the history of earlier runs: the newest that are a week old, else the oldest. Indexes and
    TOAST count. Growth of less than 10 MB does not, nor does a table that is new; what it holds counts for the
    database. Where no history is kept, and on the first run, there is nothing to compare with.
    """
    assert not auditor(
        """
        select s.object, s.then_bytes, s.now_bytes, %(measured)s::timestamptz as measured
        from unnest(%(names)s::text[], %(then_bytes)s::bigint[], %(now_bytes)s::bigint[])
            as s (object, then_bytes, now_bytes)
        where s.now_bytes - s.then_bytes >= %(growth_bytes)s
        and s.now_bytes > s.then_bytes * power(1 + %(growth_percent)s / 100.0, %(weeks)s)
        """,
        of='select cardinality(%(names)s::text[]) as "sizes of an earlier run"',
        **growth(),
    )


@mark.policy(
    "MON-10",
    severity="P1",
    wrong="Dead rows cannot be cleaned: something has held them back for too long",
    runbook=RUNBOOK,
    fix="-- {object} {problem}.",
)
def test_no_transaction_holds_back_cleaning(auditor):
    """No transaction has been open for more than an hour, and nothing else holds back the cleaning of dead rows.

    What was deleted or changed since the oldest transaction began cannot be removed: tables grow, queries slow down,
    and changes of the schema wait, though no session idles for long (MON-05) and no query is long (MON-03). Prepared
    transactions have no session. Replication slots and standbys hold back for a reader elsewhere, by a count of
    transactions (1,000,000) instead of a time. Of all of them the finding says which is the oldest: see to that one
    first. Autovacuum, a VACUUM by hand, the audit itself and backups (pg_dump, by its application name) are no
    offenders.
    """
    assert not auditor(
        f"""
        with holders as (
            select {NAME} as object, a.xact_start as since,
                   greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) as transactions,
                   'has its transaction open' as problem,
                   {END} as fix
            from pg_catalog.pg_stat_activity a
            where {OTHERS} and a.backend_type not in ('autovacuum worker', 'parallel worker', 'walsender')
            and a.xact_start < pg_catalog.clock_timestamp() - %(open_transaction_minutes)s * interval '1 minute'
            and a.pid not in (select v.pid from pg_catalog.pg_stat_progress_vacuum v)
            union all
            select pg_catalog.format('prepared transaction %%L', p.gid), p.prepared, pg_catalog.age(p.transaction),
                   'waits to be committed or rolled back',
                   pg_catalog.format(E'-- As %%s: ask its coordinator whether to commit or to roll back, which loses\n'
                                     || '-- what it wrote: rollback prepared %%s;',
                                     {inert("quote_ident(p.owner)")}, {inert("quote_literal(p.gid)")})
            from pg_catalog.pg_prepared_xacts p
            where p.database = pg_catalog.current_database()
            and p.prepared < pg_catalog.clock_timestamp() - %(open_transaction_minutes)s * interval '1 minute'
            union all
            select pg_catalog.format('replication slot %%I', s.slot_name), null, held.transactions,
                   'holds back the cleaning for its reader', null
            from pg_catalog.pg_replication_slots s
            cross join lateral (
                select greatest(pg_catalog.age(s.xmin), pg_catalog.age(s.catalog_xmin)) as transactions) as held
            where held.transactions > %(held_back_transactions)s
            union all
            select pg_catalog.format('standby %%I', r.application_name), null, pg_catalog.age(r.backend_xmin),
                   'holds back the cleaning for its queries (hot_standby_feedback): look for the long one there', null
            from pg_catalog.pg_stat_replication r
            where pg_catalog.age(r.backend_xmin) > %(held_back_transactions)s
        )
        select h.object, h.problem, h.since, h.transactions,
               pg_catalog.rank() over (order by h.transactions desc nulls last, h.since) = 1 as oldest,
               h.fix
        from holders h
        """,
        of="""
        select (select count(*) from pg_catalog.pg_stat_activity a where a.backend_type = 'client backend')
               + (select count(*) from pg_catalog.pg_prepared_xacts)
               + (select count(*) from pg_catalog.pg_replication_slots) as "sessions, prepared transactions and slots"
        """,
        blind=HIDDEN,
    )

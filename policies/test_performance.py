"""Runbook 5: performance."""

from pytest import mark

from audit.advice import inert
from audit.catalog.bloat import ROOM
from audit.catalog.calls import learned
from audit.catalog.expressions import OWN_RULES, RULES, asks_for_every_row, compares_without_index
from audit.catalog.indexes import COVERS
from audit.evidence import Unchecked, safe

RUNBOOK = "5. Performance Issues"

ALL_POLICIES = "select count(*) as policies from pg_catalog.pg_policy"

# Tables and materialised views that people made: not the server's, the platform's, an extension's or a session's.
OWN_TABLES = """
tables as (
    select c.oid
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't'
    and n.nspname <> all (%(platform_schemas)s) and n.nspname !~ '^pg_|^information_schema$'
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
"""

# What holds rows (tables, materialised views, and their TOAST tables under the table's name), the platform's too, with
# what the counters say; ``options`` are its own storage parameters, or for TOAST the table's where it has none.
# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-TABLES-VIEW
STORED = """
stored as (
    select c.oid, main.oid::regclass as relation, n.nspname, main.relname, c.relkind, c.reltuples,
           coalesce(c.reloptions, main.reloptions) as options,
           greatest(pg_catalog.pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0) as live,
           pg_catalog.pg_stat_get_dead_tuples(c.oid) as dead
    from pg_catalog.pg_class c
    join pg_catalog.pg_class main on c.oid in (main.oid, main.reltoastrelid)
    join pg_catalog.pg_namespace n on n.oid = main.relnamespace
    where c.relkind in ('r', 'p', 'm', 't') and main.relkind in ('r', 'p', 'm') and c.relpersistence <> 't'
    and n.nspname !~ '^pg_|^information_schema$'
)
"""

# How the tables of STORED were analyzed: ``seen`` when there are statistics of a column, ``visible`` when they would be
# shown if there were any, ``filled`` when there are rows enough to need some. Counters may be lost (a crash, a copy of
# the database); statistics and reltuples stay. Where nothing tells, more than the 10 pages that the planner takes any
# new table for count as rows.
ANALYZED = """
analyzed as (
    select s.*, exists (
               select from pg_catalog.pg_stats p where (p.schemaname, p.tablename) = (s.nspname, s.relname)) as seen,
           pg_catalog.has_any_column_privilege(s.oid, 'select') and not pg_catalog.row_security_active(s.oid)
               as visible,
           case when s.relkind = 'p' then s.rows > %(modified_rows)s
                when s.rows > 0 then s.rows > coalesce(
                    (select o.option_value::float8 from pg_catalog.pg_options_to_table(s.options) o
                     where o.option_name = 'autovacuum_analyze_threshold'),
                    current_setting('autovacuum_analyze_threshold')::float8)
                when s.reltuples < 0 then
                    pg_catalog.pg_relation_size(s.oid) > 10 * current_setting('block_size')::bigint
                else false end as filled
    from (
        select s.*, pg_catalog.pg_stat_get_mod_since_analyze(s.oid) as changed,
               greatest(pg_catalog.pg_stat_get_last_analyze_time(s.oid),
                        pg_catalog.pg_stat_get_last_autoanalyze_time(s.oid)) as last_analyze,
               case when s.relkind <> 'p' then s.live
               else (select sum(greatest(pg_catalog.pg_stat_get_live_tuples(leaf.oid), leaf.reltuples, 0))
                     from pg_catalog.pg_partition_tree(s.oid) p
                     join pg_catalog.pg_class leaf on leaf.oid = p.relid and p.isleaf) end as rows
        from stored s where s.relkind <> 't'
    ) as s
)
"""

# A reason why counters of rows tell nothing.
UNCOUNTED = """
select 'a standby does not count changes: ask the primary' as reason where pg_catalog.pg_is_in_recovery()
union all
select 'nothing is counted, because track_counts is off' where current_setting('track_counts') = 'off'
"""


@mark.policy(
    "PERF-01",
    severity="P1",
    wrong="Statements take more than a second on average",
    runbook=RUNBOOK,
    fix="""
    -- Read the statement (its text may hold personal data), and see where its time goes: explain (analyze, buffers).
    -- select query from {_home}.pg_stat_statements where queryid = {object};
    """,
)
def test_no_statement_is_slow_on_average(auditor):
    """No statement of this database takes over a second on average.

    That is what people wait for. A statement is told by its fingerprint (queryid), never by its text, and counts from
    five calls on. Maintenance (VACUUM, CREATE INDEX, COPY ...) may take its time, and so may the API's own look at
    the catalogue. Times are those since the last pg_stat_statements_reset().
    """
    home = auditor(
        """
        select n.nspname as object, pg_catalog.has_schema_privilege(n.oid, 'usage') as usable,
               pg_catalog.format('grant usage on schema %I to %I;', n.nspname, current_user) as remedy
        from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'pg_stat_statements'
        """,
        of="select count(*) as extensions from pg_catalog.pg_extension",
    )
    if not len(home):
        raise Unchecked(
            "the extension pg_stat_statements is not in this database",
            "add pg_stat_statements to shared_preload_libraries, restart, and: "
            "create extension pg_stat_statements with schema extensions",
        )
    if not home[0].details["usable"]:
        raise Unchecked(
            "the audit's login may not use the schema of pg_stat_statements",
            grants=[safe(str(home[0].details["remedy"]))],
        )
    # In whose schema others may create objects: it is named, and nothing is looked for in it.
    place = home[0].quoted["object"].replace("%", "%%")
    # The times have other names in an extension older than 1.8, and a role that may not see a statement sees no id.
    here = f"""
        select userid, queryid, coalesce(all_ ->> 'total_exec_time', all_ ->> 'total_time')::float8 as total_ms, calls
        from {place}.pg_stat_statements(false) as s cross join lateral pg_catalog.to_jsonb(s) as all_
        where dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    """
    theirs = "userid not in (select oid from pg_catalog.pg_roles where rolname in ('authenticator', 'audit_stand_in'))"
    assert not auditor(
        f"""
        with slow as (
            select queryid, sum(calls) as calls, sum(total_ms) as total_ms, array_agg(distinct userid) as users
            from ({here}) as here
            where queryid is not null and {theirs}
            group by queryid
            having sum(calls) >= %(slow_statement_calls)s and sum(total_ms) / sum(calls) > %(slow_statement_ms)s
        ), texts as (
            select queryid, min(lower(substring(
                query from '^(?:\\s|--[^\\n]*\\n|/[*].*?[*]/|[(])*([a-zA-Z]+)'))) as command
            from {place}.pg_stat_statements(true) where exists (select from slow) group by queryid
        )
        select s.queryid as object, t.command, s.calls::bigint as calls,
               round(s.total_ms / s.calls)::bigint as average_ms,
               (select string_agg(u::regrole::text, ', ') from unnest(s.users) as u) as roles, %(home)s::name as "_home"
        from slow s left join texts t using (queryid)
        where coalesce(t.command, '') not in (
            'vacuum', 'analyze', 'create', 'alter', 'drop', 'reindex', 'cluster', 'copy', 'refresh', 'explain')
        """,
        of=f"select count(*) as statements from ({here}) as here where {theirs}",
        blind=f"""
        select 'the audit''s login may not see the statements of others' as reason,
               'grant pg_read_all_stats to ' || pg_catalog.quote_ident(current_user) || ';'
        from ({here}) as here where queryid is null
        union all
        select 'no statements are recorded: see pg_stat_statements.track and compute_query_id', null
        where not exists (select from ({here}) as here)
        """,
        home=home[0].object,
    )


@mark.policy(
    "PERF-02",
    severity="P2",
    wrong="Tables hold too many dead rows",
    runbook=RUNBOOK,
    needs="history",
    fix="""
    -- If dead rows come back, see what keeps them: long transactions, replication slots, settings of autovacuum.
    vacuum (analyze) {object};
    """,
)
def test_dead_rows_are_under_control(auditor):
    """No table has more dead rows than its setting of autovacuum allows, over 20 % of its rows and over 1,000.

    Then autovacuum is off, too slow, or held up, and every query reads the dead along with the living. The limit is the
    server's and the table's (autovacuum_vacuum_threshold, _scale_factor, _max_threshold). What a table keeps out of
    line (TOAST) is judged under its name. On a disposable database the audit itself leaves dead rows.
    """
    assert not auditor(
        f"""
        with {STORED}, options as (
            select s.oid, o.option_name, o.option_value::float8 as value
            from stored s cross join lateral pg_catalog.pg_options_to_table(s.options) o
            where o.option_name like 'autovacuum\\_vacuum\\_%%' and s.dead > %(dead_rows)s
        ), limits as (
            select s.*, least(
                coalesce(threshold.value, current_setting('autovacuum_vacuum_threshold')::float8)
                + coalesce(scale.value, current_setting('autovacuum_vacuum_scale_factor')::float8)
                * greatest(s.reltuples, 0),
                nullif(coalesce(most.value, current_setting('autovacuum_vacuum_max_threshold', true)::float8), -1)
            ) as allowed
            from stored s
            left join options threshold on (threshold.oid, threshold.option_name)
                = (s.oid, 'autovacuum_vacuum_threshold')
            left join options scale on (scale.oid, scale.option_name) = (s.oid, 'autovacuum_vacuum_scale_factor')
            left join options most on (most.oid, most.option_name) = (s.oid, 'autovacuum_vacuum_max_threshold')
        )
        select l.relation as object, l.dead as dead_rows, 100 * l.dead / (l.dead + l.live) as percent,
               case when l.relkind = 't' then 'TOAST' else 'table' end as part,
               greatest(pg_catalog.pg_stat_get_last_vacuum_time(l.oid),
                        pg_catalog.pg_stat_get_last_autovacuum_time(l.oid)) as last_vacuum
        from limits l
        where l.dead > l.allowed and l.dead > %(dead_rows)s
        and 100 * l.dead > %(dead_rows_percent)s * (l.dead + l.live)
        """,
        of=f"with {STORED} select count(*) as tables from stored where relkind <> 't'",
        blind=UNCOUNTED,
    )


@mark.policy(
    "PERF-03",
    severity="P3",
    wrong="Large indexes are never used",
    runbook=RUNBOOK,
    needs="history",
    fix="drop index {object}; -- on a live database: drop index concurrently, unless a standby uses it",
)
def test_no_index_is_unused(auditor):
    """No index of 10 MB or more has never been used.

    Each write pays for it. Indexes that guard something (unique, of a constraint, replica identity, the only one of a
    foreign key) are of use without ever being read. Counters younger than 14 days prove nothing, nor do those of a
    standby. Without a reset they are as old as the server's other counters. An index may be in use on a standby.
    """
    idle = f"""
        with {OWN_TABLES}, covers as materialized ({COVERS}), counters as (
            select greatest(d.stats_reset, least(b.stats_reset, a.stats_reset))
                   > now() - make_interval(days => %(statistics_days)s) as young
            from pg_catalog.pg_stat_database d, pg_catalog.pg_stat_bgwriter b, pg_catalog.pg_stat_archiver a
            where d.datname = pg_catalog.current_database()
        ), idle as (
            select i.indexrelid, i.indrelid, tree.bytes
            from pg_catalog.pg_index i
            join tables t on t.oid = i.indrelid
            join pg_catalog.pg_class c on c.oid = i.indexrelid and not c.relispartition
            cross join lateral (
                select array_agg(part.oid) as parts, sum(pg_catalog.pg_stat_get_numscans(part.oid)) as scans,
                       sum(pg_catalog.pg_relation_size(part.oid)) as bytes
                from (
                    select i.indexrelid as oid where c.relkind = 'i'
                    union all
                    select p.relid from pg_catalog.pg_partition_tree(i.indexrelid) p where c.relkind = 'I' and p.isleaf
                ) as part
            ) as tree
            where i.indisvalid and not (i.indisunique or i.indisexclusion or i.indisreplident)
            and not exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid)
            and tree.scans = 0 and tree.bytes >= %(unused_index_bytes)s
            and not exists (
                select from covers x where x.index = any (tree.parts)
                and not exists (select from covers y where y.key = x.key and y.index <> x.index))
        )
    """
    assert not auditor(
        f"""
        {idle}
        select idle.indexrelid::regclass as object, idle.indrelid::regclass::text as "table",
               idle.bytes::bigint as bytes
        from idle cross join counters c
        where c.young is not true and not pg_catalog.pg_is_in_recovery()
        """,
        of=f"""
        with {OWN_TABLES}
        select count(*) as indexes from pg_catalog.pg_index i join tables t on t.oid = i.indrelid
        """,
        blind=f"""
        {idle}
        select case when pg_catalog.pg_is_in_recovery() then 'a standby does not count what the primary reads'
                    else format('the counters are younger than %%s days, and not all indexes were used since',
                                %(statistics_days)s) end
        from counters c where exists (select from idle) and (c.young or pg_catalog.pg_is_in_recovery())
        """,
    )


# Two policies may ask for the same index (PERF-04, PERF-09): by its name it is made once, unless another has the name.
ONCE = """
(select case when to_regclass(format('%%I.%%I', s.nspname, named.index)) is null
        then format('if not exists %%I ', named.index) else '' end
 from pg_catalog.pg_class o join pg_catalog.pg_namespace s on s.oid = o.relnamespace
 cross join lateral (select left(concat_ws('_', o.relname, {names}), 59) || '_idx' as index) as named
 where o.oid = {relation})
"""


@mark.policy(
    "PERF-04",
    severity="P2",
    wrong="Foreign keys have no index",
    runbook=RUNBOOK,
    about="constraint",
    fix="create index on {table} ({columns}); -- on a live database: create index concurrently",
)
def test_every_foreign_key_has_an_index(auditor):
    """The columns of every foreign key lead a usable index, in any order.

    Without one every delete in the referenced table, and every join from there, reads the referencing table from end to
    end. An index that leaves out the rows without a reference does; so does a unique one on some of the columns. A key
    of a partitioned table needs one on each partition. An index on the parent brings it to all of them.
    """
    assert not auditor(
        f"""
        with recursive {OWN_TABLES}, keys as (
            select k.oid, k.oid as root, k.conrelid
            from pg_catalog.pg_constraint k join tables t on t.oid = k.conrelid
            where k.contype = 'f' and k.conparentid = 0
            union all
            select k.oid, keys.root, k.conrelid
            from keys join pg_catalog.pg_constraint k on k.conparentid = keys.oid and k.contype = 'f'
        ), bare as (
            select keys.root, min(keys.conrelid::regclass::text) filter (where keys.oid <> keys.root) as partition
            from keys join pg_catalog.pg_class c on c.oid = keys.conrelid
            where (c.relkind = 'r' or not exists (select from pg_catalog.pg_inherits h where h.inhparent = c.oid))
            and keys.oid not in (select covers.key from ({COVERS}) as covers)
            group by keys.root
        )
        select format('%%I on %%s', k.conname, k.conrelid::regclass) as object, columns.list as columns,
               bare.partition as for_example,
               format(E'-- On a live database: create index concurrently, so that nobody has to wait.\\n'
                      || 'create index %%son %%s (%%s);', {ONCE.format(relation="k.conrelid", names="columns.names")},
                      k.conrelid::regclass, columns.list) as fix
        from bare join pg_catalog.pg_constraint k on k.oid = bare.root
        cross join lateral (
            select string_agg(quote_ident(a.attname), ', ' order by key.place) as list,
                   string_agg(a.attname, '_' order by key.place) as names
            from unnest(k.conkey) with ordinality as key (attnum, place)
            join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.attnum
        ) as columns
        """,
        of=f"""
        with {OWN_TABLES} select count(*) as "foreign keys"
        from pg_catalog.pg_constraint k join tables t on t.oid = k.conrelid
        where k.contype = 'f' and k.conparentid = 0
        """,
    )


@mark.policy(
    "PERF-05",
    severity="P3",
    wrong="Indexes hold what others serve as well",
    about="index",
    runbook=RUNBOOK,
    fix="drop index {object}; -- on a live database: drop index concurrently",
)
def test_no_index_repeats_another(auditor):
    """No index holds what another index of its table serves as well.

    Each write pays for both. An index repeats another when method, operator classes, collations, sort order, predicate
    and columns are the same, or when its columns are the first ones of another B-tree. One that guards uniqueness
    repeats only another that guards the same; primary keys, replica identities and what a foreign key hangs on stay.
    """
    assert not auditor(
        f"""
        with {OWN_TABLES}, shapes as (
            select i.indexrelid as oid, i.indrelid, c.relam, m.amname, i.indisunique, i.indimmediate, i.indnkeyatts,
                   pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct' as nulls_not_distinct,
                   pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate, k.conname,
                   c.relispartition or i.indisprimary or i.indisexclusion or i.indisreplident or exists (
                       select from pg_catalog.pg_constraint f where f.conindid = i.indexrelid and f.contype = 'f'
                   ) as stays,
                   columns.*
            from pg_catalog.pg_index i
            join tables t on t.oid = i.indrelid
            join pg_catalog.pg_class c on c.oid = i.indexrelid
            join pg_catalog.pg_am m on m.oid = c.relam
            left join pg_catalog.pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
            cross join lateral (
                select array_agg(concat_ws(' ', column_.definition, key.opclass, key.collid, key.flags, a.attoptions)
                                 order by key.place) filter (where key.place <= i.indnkeyatts) as keys,
                       array_agg(column_.definition) as held
                from unnest(
                    i.indkey::smallint[], i.indclass::pg_catalog.oid[], i.indcollation::pg_catalog.oid[],
                    i.indoption::smallint[])
                    with ordinality as key (attnum, opclass, collid, flags, place)
                join pg_catalog.pg_attribute a on a.attrelid = i.indexrelid and a.attnum = key.place
                cross join lateral pg_catalog.pg_get_indexdef(i.indexrelid, key.place::integer, false)
                    as column_ (definition)
            ) as columns
            where i.indisvalid and i.indisready and i.indislive
        ), repeats as (
            select a.oid, b.oid as other, a.conname, a.conname is null as free
            from shapes a join shapes b on b.indrelid = a.indrelid and b.relam = a.relam and b.oid <> a.oid
            where not a.stays and a.keys = b.keys[1:a.indnkeyatts] and a.held <@ b.held
            and (a.indnkeyatts = b.indnkeyatts or a.amname = 'btree')
            and a.predicate is not distinct from b.predicate
            and (not a.indisunique or (
                b.indisunique and a.indnkeyatts = b.indnkeyatts and a.indimmediate = b.indimmediate
                and a.nulls_not_distinct is not distinct from b.nulls_not_distinct))
        ), needless as (
            select * from repeats r
            where not exists (
                select from repeats back where back.oid = r.other and back.other = r.oid
                and (back.free, back.oid) > (r.free, r.oid))
        )
        select n.oid::regclass as object, i.indrelid::regclass::text as "table", min(n.other::regclass::text) as keep,
               case when n.conname is null then format(
                   E'-- On a live database: drop index concurrently, so that nobody has to wait.\\ndrop index %%s;',
                   n.oid::regclass)
               else format(E'-- Functions may name it (on conflict on constraint ...): see that none does. Then:\\n'
                           || '-- alter table %%s drop constraint %%s;', {inert("i.indrelid::regclass::text")},
                           {inert("quote_ident(n.conname)")}) end as fix
        from needless n join pg_catalog.pg_index i on i.indexrelid = n.oid
        where n.other not in (select needless.oid from needless)
        group by n.oid, i.indrelid, n.conname
        """,
        of=f"""
        with {OWN_TABLES}
        select count(*) as indexes from pg_catalog.pg_index i join tables t on t.oid = i.indrelid
        """,
    )


@mark.policy(
    "PERF-06",
    severity="P1",
    wrong="Indexes are invalid",
    about="index",
    runbook=RUNBOOK,
    fix="-- {object} is not valid: build it anew, or drop it.",
)
def test_no_index_is_invalid(auditor):
    """Every index is valid.

    One that is not slows down every write and helps no reader; a unique one does not keep duplicates out of old rows.
    It is left over from a CREATE or REINDEX CONCURRENTLY that failed, or it belongs to a partitioned table of which a
    partition lacks it. One that is being built or dropped concurrently right now is no finding.
    """
    assert not auditor(
        """
        select i.indexrelid::regclass as object, i.indrelid::regclass::text as "table",
               case when c.relkind = 'I' then 'a partition lacks it' when not i.indislive then 'half dropped'
                    when not i.indisready then 'takes no entries' else 'not valid' end as state,
               case
               when c.relkind = 'I' and (k.conname is not null or i.indpred is not null or i.indexprs is not null)
               then format('-- Create it on each partition, then: alter index %s attach partition ...', quoted.comment)
               when c.relkind = 'I' then format(E'drop index %s;\\n%s;', quoted.name, regexp_replace(
                   pg_catalog.pg_get_indexdef(i.indexrelid),
                   '^(CREATE (?:UNIQUE )?INDEX (?:"(?:[^"]|"")*"|[^ "]+) ON) ONLY ', '\\1 '))
               when not i.indislive or c.relname ~ '_cc(new|old)[0-9]*$' then format(
                   E'-- Left behind by a REINDEX or DROP INDEX CONCURRENTLY.\\ndrop index %s;', quoted.name)
               when i.indisunique then format(
                   E'-- It guards nothing, and cannot be built anew while there are duplicates. Find them, say which\\n'
                   || E'-- stay (select %1$s, count(*) from %2$s group by %1$s having count(*) > 1), then:\\n'
                   || E'-- reindex index concurrently %3$s;\\n'
                   || '-- Or, if nothing is to be unique here: drop index concurrently %3$s;',
                   (select string_agg(regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid, place, true),
                                                     '[[:cntrl:]]', ' ', 'g'), ', ' order by place)
                    from generate_series(1, i.indnkeyatts::int) as place),
                   regexp_replace(i.indrelid::regclass::text, '[[:cntrl:]]', ' ', 'g'), quoted.comment)
               else format(E'-- On a live database: reindex index concurrently.\\nreindex index %s;', quoted.name)
               end as fix
        from pg_catalog.pg_index i
        join pg_catalog.pg_class c on c.oid = i.indexrelid
        cross join lateral (
            select i.indexrelid::regclass::text as name,
                   regexp_replace(i.indexrelid::regclass::text, '[[:cntrl:]]', ' ', 'g') as comment
        ) as quoted
        left join pg_catalog.pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
        where not (i.indisvalid and i.indisready and i.indislive) and c.relpersistence <> 't'
        and not exists (
            select from pg_catalog.pg_locks l
            join pg_catalog.pg_database d on d.oid = l.database and d.datname = pg_catalog.current_database()
            where l.locktype = 'relation' and l.mode = 'ShareUpdateExclusiveLock' and l.granted
            and (l.relation = i.indexrelid or (l.relation = i.indrelid and l.pid in (
                select p.pid from pg_catalog.pg_stat_progress_create_index p)))
        )
        """,
        of="select count(*) as indexes from pg_catalog.pg_index",
    )


@mark.policy(
    "PERF-07",
    severity="P2",
    wrong="Tables were not analyzed since most of their rows came in",
    runbook=RUNBOOK,
    fix="analyze {object};",
)
def test_planner_statistics_are_fresh(auditor):
    """Every table was analyzed after most of its rows came in.

    Otherwise the planner guesses, and a query takes a thousand times longer than it must. A finding is a table of which
    over 20 % of the rows and over 1,000 have changed since, or one with rows that was never analyzed: more than
    autovacuum leaves alone, and of a partitioned table, which autovacuum never analyzes, over 1,000.
    """
    assert not auditor(
        f"""
        with {STORED}, {ANALYZED}
        select a.relation as object,
               case when a.seen or a.last_analyze is not null then 'too many changes since' else 'never analyzed' end
               as state, a.rows::bigint as rows, a.changed, a.last_analyze
        from analyzed a
        where (a.changed > %(modified_rows)s and 100 * a.changed > %(modified_rows_percent)s * a.rows)
        or (a.filled and a.last_analyze is null and a.visible and not a.seen)
        """,
        of=f"with {STORED} select count(*) as tables from stored where relkind <> 't'",
        blind=f"""
        select reason, null as remedy from ({UNCOUNTED}) as uncounted
        union all
        (with {STORED}, {ANALYZED}
        select 'whether all tables were ever analyzed cannot be seen', case
                   when pg_catalog.row_security_active(a.oid) then format('alter role %%I bypassrls;', current_user)
                   else format('grant select on %%s to %%I; /* it can read the texts of all rows then */', a.relation,
                               current_user) end
        from analyzed a where a.filled and a.last_analyze is null and not a.visible)
        """,
    )


# The same policy, with its calls about the caller in sub-selects: where none has arguments, so that all of them are
# found by their names.
WRAPPED = r"""
(select case when not exists (
     select from pg_catalog.pg_depend d join pg_catalog.pg_proc f on f.oid = d.refobjid
     where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = x.oid
     and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and (f.pronargs > 0 or f.proretset))
 and coalesce(x."using", '') || coalesce(x."check", '') !~ 'current_setting'
 then concat(format('alter policy %%I on %%s', x.name, x.relation::pg_catalog.regclass),
     ' using (' || regexp_replace(x."using", names.calls, '(select \&)', 'g') || ')',
     ' with check (' || regexp_replace(x."check", names.calls, '(select \&)', 'g') || ')', ';') end
 from (
     select '(?<!SELECT )\m(' || string_agg(
         regexp_replace(format('%%I.%%I', n.nspname, f.proname), '([^[:alnum:]_])', '\\\1', 'g'), '|')
            || ')[(][)]' as calls
     from pg_catalog.pg_depend d
     join pg_catalog.pg_proc f on f.oid = d.refobjid
     join pg_catalog.pg_namespace n on n.oid = f.pronamespace
     where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = x.oid
     and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
 ) as names
 where names.calls is not null)
"""


@mark.policy(
    "PERF-08",
    severity="P2",
    wrong="Policies ask for every row who the caller is",
    runbook=RUNBOOK,
    fix="""
    -- {object}: write every call about the caller as a sub-select, which the server asks once for the whole statement:
    -- (select auth.uid()), and with its arguments (select has_role(auth.uid(), 'admin')) where none is a column.
    """,
)
def test_policies_ask_once_who_is_calling(auditor):
    """Policies ask who the caller is once per statement, not per row.

    `auth.uid() = user_id` reads and parses the token for every row of the table; `(select auth.uid()) = user_id` does
    it once. The same goes for functions that read the claims themselves. One that is given a column cannot be taken out
    of the row, and is innocent; a sub-select that mentions a column of the row is evaluated for every row all the same.
    """
    calls = learned(auditor, ALL_POLICIES)
    assert not auditor(
        f"""
        with {RULES}
        select x.object, x."using" as _using, x."check" as _check, {WRAPPED} as fix, {OWN_RULES}
        from rules x
        where x.roles <> '{{}}'
        """,
        of=ALL_POLICIES,
        where=calls.following(asks_for_every_row),
    )


# Whether an index finds single rows; a BRIN index finds ranges of pages.
FINDS = """exists (
    select from pg_catalog.pg_class x join pg_catalog.pg_am m on m.oid = x.relam
    where x.oid = i.indexrelid and m.amname in ('btree', 'hash'))"""


@mark.policy(
    "PERF-09",
    severity="P2",
    wrong="Columns that policies compare with the caller have no index",
    about="column",
    runbook=RUNBOOK,
    fix="-- {object}: create an index on it",
)
def test_columns_compared_with_the_caller_have_an_index(auditor):
    """Columns that policies compare with the caller have an index.

    Row level security adds `user_id = (select auth.uid())` to every query of every member: without an index each of
    them reads the whole table. A B-tree or hash index helps that begins with the column, or with columns that the
    policy compares, too. Lists of ids in one column and inequalities are not served by such an index and not asked for.
    A foreign key without an index is PERF-04's, and the platform's own tables are not the project's to index.
    """
    calls = learned(auditor, ALL_POLICIES)
    assert not auditor(
        f"""
        with {RULES}, covers as materialized ({COVERS})
        select format('%%I of %%s', a.attname, c.oid::pg_catalog.regclass) as object, x.object as policy,
               a.attname::text as _column,
               format('create index %%son %%s (%%I);', {ONCE.format(relation="c.oid", names="a.attname")},
                      c.oid::pg_catalog.regclass, a.attname) as fix,
               case when c.oid <> x.relation then array[n.nspname::text, c.relname::text] end as _owner,
               x."using" as _using, x."check" as _check,
               coalesce((
                   select jsonb_agg((
                       select coalesce(jsonb_agg(before.attname), '[]')
                       from unnest((i.indkey::int2[])[0:place.n - 2]) as key
                       left join pg_catalog.pg_attribute before on before.attrelid = c.oid and before.attnum = key))
                   from pg_catalog.pg_index i
                   cross join lateral unnest(i.indkey::int2[]) with ordinality as place (attnum, n)
                   where i.indrelid = c.oid and place.attnum = a.attnum and place.n <= i.indnkeyatts
                   and i.indisvalid and i.indisready and {FINDS}
                   and (i.indpred is null
                        or pg_catalog.pg_get_expr(i.indpred, i.indrelid) = format('(%%I IS NOT NULL)', a.attname))
               ), '[]') as _indexes,
               {OWN_RULES}
        from rules x
        join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = x.oid
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0
        join pg_catalog.pg_class c on c.oid = d.refobjid and c.relkind in ('r', 'p')
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname <> all (%(platform_schemas)s)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
        where x.roles <> '{{}}' and not exists (
            select from pg_catalog.pg_index i
            where i.indrelid = c.oid and i.indkey[0] = a.attnum and i.indpred is null and i.indisvalid and i.indisready
            and {FINDS})
        and not exists (
            select from pg_catalog.pg_constraint k
            where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum] and k.conparentid = 0
            and not exists (select from covers v where v.key = k.oid))
        """,
        of=ALL_POLICIES,
        where=calls.following(compares_without_index),
    )


@mark.policy(
    "PERF-10",
    severity="P3",
    wrong="Several permissive policies apply to one role and command",
    runbook=RUNBOOK,
    fix="""
    -- For {object}, more than one permissive policy applies: {policies}
    -- Make one policy of them: using (... or ...). A policy for all commands can be split by command.
    """,
)
def test_one_permissive_policy_applies(auditor):
    """No two permissive policies apply to one role and command.

    The server evaluates each of them for every row, and people reading the one forget that the other opens the table as
    well. The same policies are told once, with all commands and roles, and not again where others meet them as well.
    Roles without the privilege do not count, and neither do roles that policies do not bind. Storage has one table for
    all buckets: a policy for each is its way.
    """
    assert not auditor(
        f"""
        with {RULES}
        , met as (
        select x.relation, w.command, w.code, role.name as role,
               array_agg(quote_ident(x.name) order by x.name) as names
        from rules x
        join pg_catalog.pg_policy p on p.oid = x.oid
        cross join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) as w (command, code)
        join pg_catalog.pg_class c on c.oid = x.relation
        join lateral (
            select r.oid, r.oid::pg_catalog.regrole::text as name from pg_catalog.pg_roles r
            where not r.rolsuper and not r.rolbypassrls and r.oid <> c.relowner
            and (r.rolname = any (%(api_roles)s) and r.rolname = any (x.roles) or r.oid = any (p.polroles))
        ) as role on true
        where x.permissive and x.command in ('*', w.code::"char") and x.schema <> all (%(platform_schemas)s)
        and pg_catalog.has_schema_privilege(role.oid, c.relnamespace, 'usage')
        and case when w.command = 'delete' then pg_catalog.has_table_privilege(role.oid, c.oid, 'delete')
            else pg_catalog.has_any_column_privilege(role.oid, c.oid, w.command) end
        group by x.relation, w.command, w.code, role.name
        having count(*) > 1
        )
        select format('%%s: %%s by %%s', m.relation::pg_catalog.regclass, string_agg(distinct m.command, ', '),
                      string_agg(distinct m.role, ', ')) as object, array_to_string(m.widest, ', ') as policies
        from (select o.*, (select w.names from met w
                           where w.relation = o.relation and w.names operator(pg_catalog.@>) o.names
                           order by cardinality(w.names) desc, w.names limit 1) as widest from met o) as m
        group by m.relation, m.widest
        """,
        of="select count(*) as policies from pg_catalog.pg_policy where polpermissive",
    )


@mark.policy(
    "PERF-11",
    severity="P2",
    wrong="Tables or indexes take up much more room than they need",
    runbook=RUNBOOK,
    fix="vacuum (full, analyze) {object}; -- it locks the table. Of an index: reindex index concurrently {object};",
)
def test_nothing_is_bloated(auditor):
    """No table and no B-tree index takes up much more room than its rows need.

    Too much is over half of it and 10 MB, or over a quarter and 1 GB. Room that VACUUM has freed stays with the table,
    and every scan reads it. The need is estimated from the planner's statistics and the layout of pages, as of the last
    ANALYZE; where these are missing for anything that large, nothing is known. TOAST and other indexes are left out.
    """
    assert not auditor(
        f"""
        with {ROOM}
        select r.relation as object, case when r.relkind = 'i' then 'index' else 'table' end as kind,
               (r.pages * r.block)::bigint as bytes, ((r.pages - r.needed) * r.block)::bigint as bloat_bytes,
               (100 * (1 - r.needed / r.pages))::integer as bloat_percent,
               case when r.relkind = 'i' then format(
                   E'-- On a live database: reindex index concurrently, so that nobody has to wait.\\n'
                   || 'reindex index %%s;', r.relation)
               else format(
                   E'-- It locks the table until it is done; an extension such as pg_repack does not.\\n'
                   || 'vacuum (full, analyze) %%s;', r.relation) end as fix
        from room r
        where r.pages > 0 and (
            (100 * (1 - r.needed / r.pages) > %(bloat_percent)s and (r.pages - r.needed) * r.block > %(bloat_bytes)s)
            or (100 * (1 - r.usual / r.pages) > %(large_bloat_percent)s
                and (r.pages - r.usual) * r.block > %(large_bloat_bytes)s))
        """,
        of="""
        select count(*) as "tables and indexes" from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'm', 'i') and n.nspname !~ '^pg_|^information_schema$'
        """,
        blind=f"""
        with {ROOM}
        , unknown as (
            select coalesce(i.indrelid, r.relation)::regclass as name from room r
            left join pg_catalog.pg_index i on i.indexrelid = r.relation where r.needed is null
        )
        select format('no statistics can be seen of %%s large tables or indexes: analyze them, or let the audit''s '
                      'login read the tables', (select count(*) from unknown)) as reason, case
                   when pg_catalog.row_security_active(u.name) then format('alter role %%I bypassrls;', current_user)
                   when not pg_catalog.has_table_privilege(u.name, 'select')
                   then format('grant select on %%s to %%I; /* it can read the texts of all rows then */', u.name,
                               current_user) end
        from unknown u
        """,
    )

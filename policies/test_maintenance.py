"""Runbook, weekly maintenance: what a server must not be left alone with."""

from pytest import mark

from audit.advice import inert

RUNBOOK = "Weekly Maintenance Schedule"

# More constraints or triggers than this that are not in force were made so by one script, and of so many the first are
# named. Statements that mend thousands are read by nobody: a query writes them.
MOST_OF_A_KIND, SHOWN_OF_A_KIND = 10, 5
VALIDATE_ALL = r"""E'-- Each reads its whole table; an error names what does not hold. This writes the statements:\n'
    || E'-- select format(''alter table %%s validate constraint %%I;'', conrelid::regclass, conname)\n'
    || '-- from pg_constraint where not convalidated and conrelid <> 0;'"""
ENABLE_ALL = r"""E'-- See who switched them off, and whether what came in meanwhile is sound. This lists them:\n'
    || '-- select tgrelid::regclass, tgname, tgenabled from pg_trigger where tgenabled not in (''O'', ''A'');'"""


@mark.policy(
    "MAINT-01",
    severity="P2",
    wrong="Tables have not been vacuumed or analyzed for more than 8 days",
    runbook=RUNBOOK,
    needs="history",
    fix="vacuum (analyze) {object};",
)
def test_changed_tables_are_maintained(auditor):
    """Every table that changed was vacuumed and analyzed within 8 days.

    That is a week and a day for the weekly job, or autovacuum. A table that did not change since needs nothing. The
    times are forgotten when statistics are reset or the server crashes: a table without one counts as neglected only
    when the statistics are older than 8 days. The platform's own tables are the platform's to maintain.
    """
    changed = """
        with changed as (
            select s.relid::pg_catalog.regclass as object,
                   greatest(s.last_vacuum, s.last_autovacuum) as vacuumed,
                   greatest(s.last_analyze, s.last_autoanalyze) as analyzed,
                   s.n_dead_tup > 0 or s.n_ins_since_vacuum > 0 as to_vacuum,
                   s.n_mod_since_analyze > 0 as to_analyze,
                   pg_catalog.clock_timestamp() - %(maintenance_days)s * interval '1 day' as due,
                   (select greatest(d.stats_reset, b.stats_reset)
                    from pg_catalog.pg_stat_database d, pg_catalog.pg_stat_bgwriter b
                    where d.datname = pg_catalog.current_database()) as remembered_since
            from pg_catalog.pg_stat_user_tables s join pg_catalog.pg_class c on c.oid = s.relid
            where c.relkind in ('r', 'm') and c.relpersistence <> 't' and s.schemaname <> all (%(platform_schemas)s)
            and (s.n_dead_tup > 0 or s.n_ins_since_vacuum > 0 or s.n_mod_since_analyze > 0)
            and not exists (
                select from pg_catalog.pg_depend e
                where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
        )
        """
    assert not auditor(
        changed
        + """
        select object, vacuumed, analyzed from changed
        where (to_vacuum and coalesce(vacuumed, remembered_since, '-infinity') < due)
        or (to_analyze and coalesce(analyzed, remembered_since, '-infinity') < due)
        """,
        of=changed + 'select count(*) as "tables that changed" from changed',
        blind=changed
        + """
        select 'a standby does not count changes: ask the primary' where pg_catalog.pg_is_in_recovery()
        union all
        select pg_catalog.format(
            'whether %%s was maintained in time is not known: statistics begin at %%s', object, remembered_since)
        from changed
        where ((to_vacuum and vacuumed is null) or (to_analyze and analyzed is null)) and remembered_since >= due
        """,
    )


@mark.policy(
    "MAINT-02",
    severity="P3",
    wrong="The statistics were reset within the last 14 days",
    runbook=RUNBOOK,
    needs="history",
    fix="""
    -- The statistics of {object} were reset at {reset}. They gather again by themselves.
    -- Take pg_stat_reset() out of the weekly script: it forgets what autovacuum, PERF-03 and MAINT-01 go by.
    """,
)
def test_statistics_are_kept(auditor):
    """The statistics of this database were not reset within 14 days.

    A script that resets them just before it reads which indexes are unused finds that all are. Autovacuum too forgets
    which tables changed. A server that crashes discards all that it has counted, and from PostgreSQL 15 on says so
    only of what it counts for all databases together. A database that is younger than that has them from its
    beginning, which up to PostgreSQL 14 looks like a reset.
    """
    # What nobody resets at the same moment, unless it was lost; where it began before the server did, it may have been
    # lost in an earlier life, or have begun with the server: its identifier begins with when it was made.
    lost = """
        select pg_catalog.format('database %%I', d.datname) as object, b.stats_reset as reset,
               '-- The server crashed at that time and discarded its statistics, which gather again by themselves.\n'
               '-- See in its log what happened. Until then PERF-03 and MAINT-01 know little.' as fix
        from pg_catalog.pg_stat_bgwriter b join pg_catalog.pg_stat_archiver a on a.stats_reset = b.stats_reset
        join pg_catalog.pg_stat_database d on d.datname = pg_catalog.current_database()
        where b.stats_reset > pg_catalog.clock_timestamp() - %(statistics_days)s * interval '1 day'
        and coalesce(d.stats_reset <= b.stats_reset, true)
        """
    # The copy that a standby is made of brings no statistics with it: nothing tells that from a crash.
    copied = f"""
        select pg_catalog.format(
            'since %%s, when it was copied or crashed, this standby counts for itself: ask the primary', l.reset)
        from ({lost}) as l where pg_catalog.pg_is_in_recovery()
        """
    lost += " and not pg_catalog.pg_is_in_recovery()"
    assert not auditor(
        f"{lost} and b.stats_reset > pg_catalog.pg_postmaster_start_time()", of="select 1 as servers", blind=copied
    )
    if len(auditor(lost, of="select 1 as servers")):
        assert not auditor(
            f"""
            {lost} and exists (
                select from pg_catalog.pg_control_system() c
                where b.stats_reset > pg_catalog.to_timestamp(c.system_identifier >> 32) + interval '1 hour')
            """,
            of="select 1 as servers",
        )
    assert not auditor(
        """
        select pg_catalog.format('database %%I', d.datname) as object, d.stats_reset as reset
        from pg_catalog.pg_stat_database d
        where d.datname = pg_catalog.current_database()
        and d.stats_reset > pg_catalog.clock_timestamp() - %(statistics_days)s * interval '1 day'
        """,
        of="select 1 as databases",
    )


@mark.policy(
    "MAINT-03",
    severity="P0",
    wrong="Transaction ids run out: in the end the database would stop accepting writes",
    runbook=RUNBOOK,
    fix="""
    -- {object}: transactions {transactions}, multixacts {multixacts} old. Before it is frozen, see what holds it back:
    -- old transactions (MON-05), prepared transactions (MAINT-10), replication slots (MAINT-06).
    """,
)
def test_transaction_ids_are_not_running_out(auditor):
    """The transaction and multixact ages of every database and table, TOAST included, are below half of their limit.

    Both are counters of 32 bits of which half can be in the past: 2,147,483,648
    (https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND). At the limit the server
    takes no more writes. Autovacuum begins to freeze at a tenth of it (autovacuum_freeze_max_age), so that half means
    that it does not get through. System and extension tables count; temporary ones do with their database only.
    """
    assert not auditor(
        """
        with ages as (
            select pg_catalog.format('database %%I', d.datname) as object,
                   pg_catalog.age(d.datfrozenxid) as transactions, pg_catalog.mxid_age(d.datminmxid) as multixacts,
                   case when d.datname = pg_catalog.current_database() then null else pg_catalog.format(
                       '-- Connect to database %%I, and there: vacuum (freeze);', d.datname) end as fix
            from pg_catalog.pg_database d
            union all
            select c.oid::pg_catalog.regclass::text,
                   greatest(pg_catalog.age(c.relfrozenxid), pg_catalog.age(t.relfrozenxid)),
                   greatest(pg_catalog.mxid_age(c.relminmxid), pg_catalog.mxid_age(t.relminmxid)),
                   pg_catalog.format('vacuum (freeze) %%s;', c.oid::pg_catalog.regclass)
            from pg_catalog.pg_class c left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
            where c.relkind in ('r', 'm') and c.relpersistence <> 't'
        )
        select * from ages
        where greatest(transactions, multixacts) >= 2147483648 * %(freeze_percent)s / 100
        """,
        of="""
        select (select count(*) from pg_catalog.pg_database)
               + (select count(*) from pg_catalog.pg_class c where c.relkind in ('r', 'm') and c.relpersistence <> 't')
               as "databases and tables"
        """,
    )


@mark.policy(
    "MAINT-04",
    severity="P0",
    wrong="A sequence or key is nearly used up: in the end nothing more can be inserted",
    runbook=RUNBOOK,
    fix="-- {object} is at {value} of {most}: give the column, what refers to it, and the sequence the type bigint.",
)
def test_keys_are_not_running_out(auditor):
    """No sequence or integer key has used more than 80 % of its range.

    When it is used up, every insert fails. The range of a sequence ends where the first of these ends: the sequence, a
    column that it fills, a foreign key to such a column. Integer columns (not bigint) that lead a primary key, that no
    sequence fills and no foreign key copies are judged by their largest and smallest value. Sequences that cycle never
    run out. A key of random numbers is for a waiver. What the platform does not let the audit read is the platform's.
    """
    of_project = """
        n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
        and c.relpersistence <> 't' and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
        """
    # What a column can hold, by its output function, which domains inherit from their base type.
    integers = """
        with integers (output, most) as (values
            ('int2out'::pg_catalog.regproc, 32767), ('int4out', 2147483647), ('int8out', 9223372036854775807)
        ), filled as (
            select d.objid as sequence, d.refobjid as relation, d.refobjsubid as number from pg_catalog.pg_depend d
            join pg_catalog.pg_sequence q on q.seqrelid = d.objid
            where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')
            and d.refobjsubid > 0
            union
            select d.refobjid, f.adrelid, f.adnum from pg_catalog.pg_depend d
            join pg_catalog.pg_attrdef f on f.oid = d.objid
            join pg_catalog.pg_sequence q on q.seqrelid = d.refobjid
            where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        ), columns as (
            select sequence, relation, number from filled
            union
            select l.sequence, k.conrelid, k.conkey[pg_catalog.array_position(k.confkey, l.number::int2)]
            from filled l
            join pg_catalog.pg_constraint k on k.confrelid = l.relation and k.contype = 'f'
            and l.number = any (k.confkey)
        ), sequences as (
            select c.oid, n.nspname, s.seqincrement, s.seqmin, s.seqmax,
                   pg_catalog.has_sequence_privilege(s.seqrelid, 'usage, select') as readable,
                   m.most
            from pg_catalog.pg_sequence s
            left join (
                select l.sequence, min(i.most) as most from columns l
                join pg_catalog.pg_attribute a on a.attrelid = l.relation and a.attnum = l.number
                join pg_catalog.pg_type y on y.oid = a.atttypid
                join integers i on i.output = y.typoutput
                group by l.sequence
            ) as m on m.sequence = s.seqrelid
            join pg_catalog.pg_class c on c.oid = s.seqrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where not s.seqcycle and {of_project}
        ), keys as (
            select c.oid, n.nspname, c.relname, a.attname, i.most,
                   pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')
                   and pg_catalog.has_schema_privilege(n.oid, 'usage')
                   and not pg_catalog.row_security_active(c.oid) as readable
            from pg_catalog.pg_index x
            join pg_catalog.pg_class c on c.oid = x.indrelid and c.relkind in ('r', 'p') and not c.relispartition
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[0]
            join pg_catalog.pg_type y on y.oid = a.atttypid
            join integers i on i.output = y.typoutput and i.most <= 2147483647
            where x.indisprimary and {of_project}
            and not exists (select from filled l where l.relation = c.oid and l.number = a.attnum)
            and not exists (
                select from pg_catalog.pg_constraint k
                where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any (k.conkey))
        )
        """.replace("{of_project}", of_project)
    assert not auditor(
        integers
        + """
        , ends as (
            select s.oid::pg_catalog.regclass::text as object,
                   case when s.readable then pg_catalog.pg_sequence_last_value(s.oid) end::numeric as value,
                   case when s.seqincrement > 0 then s.seqmin else s.seqmax end::numeric as first,
                   case when s.seqincrement > 0 then least(s.seqmax, s.most)
                        else greatest(s.seqmin, -s.most - 1) end::numeric as most,
                   (select pg_catalog.string_agg(
                        pg_catalog.format('alter table %%s alter column %%I type bigint;',
                                          l.relation::pg_catalog.regclass, a.attname),
                        E'\n' order by l.relation, l.number)
                    from columns l join pg_catalog.pg_attribute a on a.attrelid = l.relation and a.attnum = l.number
                    join pg_catalog.pg_type y on y.oid = a.atttypid join pg_catalog.pg_class c on c.oid = l.relation
                    where l.sequence = s.oid and y.typoutput in ('int2out'::pg_catalog.regproc, 'int4out')
                    and not c.relispartition) as wider,
                   pg_catalog.format('alter sequence %%s as bigint no %%s;', s.oid::pg_catalog.regclass,
                                     case when s.seqincrement > 0 then 'maxvalue' else 'minvalue' end) as longer
            from sequences s
            union all
            select pg_catalog.format('%%s.%%I', k.oid::pg_catalog.regclass, k.attname), found.value, 0,
                   case when found.value < 0 then -k.most - 1 else k.most end,
                   pg_catalog.format('alter table %%s alter column %%I type bigint;',
                                     k.oid::pg_catalog.regclass, k.attname),
                   null
            from keys k
            -- ts_stat puts a query that is built here, once a table; an index has both ends of its column at hand.
            cross join lateral pg_catalog.ts_stat(case when k.readable then pg_catalog.format(
                'select array_to_tsvector(array_remove(array[max(%%I)::text, min(%%I)::text], null)) from %%I.%%I',
                k.attname, k.attname, k.nspname, k.relname) end) as stat
            cross join lateral (select stat.word::numeric as value) as found
        )
        select object, value, most, pg_catalog.round((value - first) / nullif(most - first, 0) * 100, 1) as percent,
               pg_catalog.concat_ws(
                   E'\n', '-- This rewrites tables and locks them meanwhile; foreign keys to them need the same.',
                   wider, longer) as fix
        from ends
        where (value - first) / nullif(most - first, 0) * 100 > %(sequence_percent)s
        """,
        of=integers
        + """
        select (select count(*) from sequences) + (select count(*) from keys) as "sequences and integer keys"
        """,
        blind=integers
        + """
        select 'the audit may not read ' || unseen.oid::pg_catalog.regclass, grants.statement
        from (
            select oid, nspname, null::name as attname from sequences where not readable
            union all
            select oid, nspname, attname from keys where not readable
        ) as unseen
        cross join lateral (values
            (not pg_catalog.has_schema_privilege(unseen.nspname, 'usage'),
             pg_catalog.format('grant usage on schema %%I to %%I;', unseen.nspname, current_user)),
            (unseen.attname is null,
             pg_catalog.format('grant select on sequence %%s to %%I;', unseen.oid::pg_catalog.regclass, current_user)),
            (not pg_catalog.has_column_privilege(unseen.oid, unseen.attname, 'select'),
             pg_catalog.format('grant select (%%s) on %%s to %%I;',
                               pg_catalog.quote_ident(unseen.attname), unseen.oid::pg_catalog.regclass, current_user)),
            (unseen.attname is not null and pg_catalog.row_security_active(unseen.oid),
             pg_catalog.format('alter role %%I bypassrls;', current_user))
        ) as grants (lacking, statement)
        where grants.lacking and unseen.nspname <> all (%(platform_schemas)s)
        """,
    )


@mark.policy(
    "MAINT-05",
    severity="P1",
    wrong="The write-ahead log is not archived: there is no way back to a point in time",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {problem}.
    -- See the server's log for what archive_command or archive_library complains about; a hosted server is its
    -- provider's to mend. Until then the write-ahead log stays on disk, and a restore ends where archiving stopped.
    """,
)
def test_archiving_works(auditor):
    """Archiving of the write-ahead log works: no failure after the last success, and nothing has waited for an hour.

    A backup restores up to what was archived and no further. A server on which nothing happens has nothing to archive,
    so that an old success is a finding only when a whole segment has been filled since.
    """
    archiving = """
        with settings as (
            select max(s.setting) filter (where s.name = 'archive_mode') as mode,
                   max(s.setting) filter (where s.name = 'archive_command') as command,
                   max(s.setting) filter (where s.name = 'archive_library') as library,
                   max(s.setting) filter (where s.name = 'wal_segment_size')::numeric as segment
            from pg_catalog.pg_settings s
            where s.name in ('archive_mode', 'archive_command', 'archive_library', 'wal_segment_size')
        ), archiving as (
            select * from settings
            where mode = 'always' or mode = 'on' and not pg_catalog.pg_is_in_recovery()
        )
        """
    assert not auditor(
        archiving
        + """
        , written as (
            select pg_catalog.floor(pg_catalog.pg_wal_lsn_diff(
                case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
                     else pg_catalog.pg_current_wal_lsn() end, '0/0') / a.segment) as segment
            from archiving a
        ), archived as (
            select r.last_archived_time, r.last_failed_time, r.failed_count,
                   case when r.last_archived_wal ~ '^[0-9A-F]{24}$' then
                       ('x' || pg_catalog.substr(r.last_archived_wal, 9, 8))::bit(32)::bigint * (4294967296 / a.segment)
                       + ('x' || pg_catalog.substr(r.last_archived_wal, 17))::bit(32)::bigint end as segment
            from pg_catalog.pg_stat_archiver r, archiving a
        )
        select 'archiving' as object, found.problem, r.last_archived_time, r.last_failed_time, r.failed_count
        from archiving a cross join archived r cross join written w
        cross join lateral (values
            (coalesce(a.command, '') in ('', '(disabled)') and coalesce(a.library, '') = '',
             'there is nothing that would archive: archive_command is empty'),
            (r.last_failed_time > coalesce(r.last_archived_time, '-infinity'), 'the last attempt failed'),
            (r.last_archived_time < pg_catalog.clock_timestamp() - %(archive_minutes)s * interval '1 minute'
             and w.segment > r.segment + 1, 'what was written since the last success is not archived')
        ) as found (wrong, problem)
        where found.wrong
        """,
        of=archiving + 'select count(*) as "server with archive_mode on" from archiving',
    )


@mark.policy(
    "MAINT-06",
    severity="P1",
    wrong="Replication slots hold back the write-ahead log, which fills the disk",
    runbook=RUNBOOK,
    fix="-- {object} is in use: see why its reader does not keep up ({retained_bytes} bytes of write-ahead log wait).",
)
def test_no_replication_slot_holds_back(auditor):
    """No replication slot is abandoned, and none holds back more than 1 GB of write-ahead log.

    A slot keeps the log until somebody has read it, until the disk is full. Abandoned: nobody has been reading it for
    an hour (up to PostgreSQL 16, which does not tell since when: at this moment), or what it needs is gone already.
    Slots of one session, slots that hold nothing, and a standby's copies of its primary's are no offenders.
    """
    assert not auditor(
        """
        with slots as (
            select pg_catalog.to_jsonb(s) as slot, s.*,
                   pg_catalog.pg_wal_lsn_diff(
                       case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
                            else pg_catalog.pg_current_wal_insert_lsn() end, s.restart_lsn)::bigint as retained_bytes
            from pg_catalog.pg_replication_slots s
            where not s.temporary
        )
        select pg_catalog.format('replication slot %%s', s.slot_name) as object, s.database, s.active, s.wal_status,
               s.slot ->> 'inactive_since' as inactive_since, s.retained_bytes,
               case when not s.active then pg_catalog.format(
                   E'-- Decide whether its reader is to come back. If not (it would begin anew with another slot):\n' ||
                   '-- select pg_drop_replication_slot(slot_name) from pg_replication_slots ' ||
                   'where slot_name = %%L and not active;', s.slot_name) end as fix
        from slots s
        where s.wal_status in ('lost', 'unreserved')
        or s.retained_bytes > %(slot_bytes)s
        or (not s.active and not coalesce((s.slot ->> 'synced')::boolean, false)
            and (s.restart_lsn is not null or s.xmin is not null or s.catalog_xmin is not null)
            and coalesce((s.slot ->> 'inactive_since')::timestamptz, '-infinity')
                < pg_catalog.clock_timestamp() - %(slot_idle_minutes)s * interval '1 minute')
        """,
        of='select count(*) as "replication slots" from pg_catalog.pg_replication_slots s where not s.temporary',
    )


@mark.policy(
    "MAINT-07",
    severity="P0",
    wrong="The server's data may be damaged unnoticed: checksums are off, or have failed",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {problem}.
    -- Failures: pages on disk are damaged. Put a backup aside before anything else; pg_amcheck finds them; restore.
    -- Off: enable them while the server is stopped, with pg_checksums --enable.
    """,
)
def test_data_pages_are_sound(auditor):
    """Data checksums are on, and no failure was counted, in any database of the server.

    Without checksums a page that the disk has damaged is read as if it were right, and copied into every backup. That
    they are off is a finding of its own; the count of failures lasts until statistics are reset.
    """
    assert not auditor(
        """
        select 'data_checksums' as object, 'data checksums are off' as problem, null::bigint as failures,
               null::timestamptz as last_failure
        from pg_catalog.pg_settings s where s.name = 'data_checksums' and s.setting <> 'on'
        union all
        select coalesce('database ' || pg_catalog.quote_ident(d.datname), 'shared catalogues'), 'checksums failed',
               d.checksum_failures, d.checksum_last_failure
        from pg_catalog.pg_stat_database d where d.checksum_failures > 0
        """,
        of="select count(*) as databases from pg_catalog.pg_database",
    )


@mark.policy(
    "MAINT-08",
    severity="P1",
    wrong="Constraints are not validated, or triggers are disabled",
    runbook=RUNBOOK,
    fix="-- {object}: {problem}.",
)
def test_constraints_and_triggers_are_in_force(auditor):
    """No constraint waits for its validation, and no trigger is disabled.

    What was there before a NOT VALID constraint may break it. A disabled trigger is a rule that does not hold, and
    so is one that fires for replication only; foreign keys are triggers as well: "disable trigger all" switches them
    off. Constraints that are declared NOT ENFORCED say so. Those in the platform's own schemas are the platform's.
    More than ten of a kind are one finding: a script made them so.
    """
    assert not auditor(
        f"""
        with members as (
            select e.classid, e.objid from pg_catalog.pg_depend e where e.deptype = 'e'
        ), tables as (
            select c.oid, c.oid::pg_catalog.regclass as name, n.nspname from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema') and not exists (
                select from members m
                where m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and m.objid = c.oid)
        ), idle as (
            select 'constraints that are not validated' as together,
                   pg_catalog.format('%%I on %%s', k.conname, t.name) as object, 'it is not validated' as problem,
                   pg_catalog.format('alter table %%s validate constraint %%I;', t.name, k.conname) as fix
            from pg_catalog.pg_constraint k join tables t on t.oid = k.conrelid
            where not k.convalidated and k.conislocal and k.conparentid = 0
            and coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::boolean, true)
            and t.nspname <> all (%(platform_schemas)s)
            union all
            select 'constraints that are not validated',
                   pg_catalog.format('%%I on %%s', k.conname, k.contypid::pg_catalog.regtype), 'it is not validated',
                   pg_catalog.format('alter domain %%s validate constraint %%I;', k.contypid::pg_catalog.regtype,
                                     k.conname)
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_type y on y.oid = k.contypid
            join pg_catalog.pg_namespace n on n.oid = y.typnamespace
            where not k.convalidated and n.nspname <> all (%(platform_schemas)s) and not exists (
                select from members m where m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and m.objid = y.oid)
            union all
            select 'triggers that do not fire',
                   pg_catalog.format('%%I on %%s', coalesce(k.conname, g.tgname), coalesce(owner.name, t.name)),
                   pg_catalog.concat_ws(' ', case when g.tgisinternal then 'it is not enforced: its trigger'
                                                  else 'it' end,
                       case g.tgenabled when 'D' then 'is disabled' else 'fires for replication only' end),
                   pg_catalog.format(E'-- See who switched it off, and whether what came in meanwhile is sound. Then:\n'
                                     || '-- alter table %%s enable trigger %%s;',
                                     {inert("t.name::text")}, {inert("quote_ident(g.tgname)")})
            from pg_catalog.pg_trigger g
            join tables t on t.oid = g.tgrelid
            left join pg_catalog.pg_constraint k on g.tgisinternal and k.oid = g.tgconstraint
            left join tables owner on owner.oid = k.conrelid
            where g.tgenabled not in ('O', 'A') and not exists (
                select from pg_catalog.pg_trigger p where p.oid = g.tgparentid and p.tgenabled = g.tgenabled)
            and not exists (
                select from members m
                where m.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass and m.objid = g.oid)
            union all
            select 'event triggers that do not fire', pg_catalog.format('event trigger %%I', v.evtname),
                   case v.evtenabled when 'D' then 'it is disabled' else 'it fires for replication only' end,
                   pg_catalog.format(E'-- See who switched it off, and why. Then, as its owner:\n'
                                     || '-- alter event trigger %%s enable;', {inert("quote_ident(v.evtname)")})
            from pg_catalog.pg_event_trigger v
            where v.evtenabled not in ('O', 'A') and not exists (
                select from members m
                where m.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass and m.objid = v.oid)
        ), told as (
            select i.*, (select count(distinct o.object) from idle o where o.together = i.together) as many from idle i
        )
        select object, problem, null as number, null as examples, fix from told where many <= {MOST_OF_A_KIND}
        union all
        select together, string_agg(distinct problem, '; '), many,
               pg_catalog.array_to_string((array_agg(distinct object))[1:{SHOWN_OF_A_KIND}], ', '),
               case together when 'constraints that are not validated' then {VALIDATE_ALL} else {ENABLE_ALL} end
        from told where many > {MOST_OF_A_KIND} group by together, many
        """,
        of="""
        select (select count(*) from pg_catalog.pg_constraint k join pg_catalog.pg_namespace n on n.oid = k.connamespace
                where n.nspname not in ('pg_catalog', 'information_schema'))
               + (select count(*) from pg_catalog.pg_trigger) as "constraints and triggers"
        """,
    )


@mark.policy(
    "MAINT-09",
    severity="P2",
    wrong="Autovacuum is off, or settings wait for a restart",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {problem}.
    -- A setting of the server is changed with alter system set ... and select pg_reload_conf(), or by the provider.
    """,
)
def test_autovacuum_is_on_everywhere(auditor):
    """Autovacuum is on, for the server and for every table, and no setting waits for a restart.

    It needs what track_counts counts. A table that is left out (its TOAST table alone counts too) bloats, has no fresh
    statistics, and in the end stops the server (MAINT-03). A setting that waits is one that somebody believes to be in
    force.
    """
    assert not auditor(
        """
        select s.name as object,
               case when s.pending_restart then 'its new value waits for a restart' else 'it is off' end
               as problem, null::text as fix
        from pg_catalog.pg_settings s
        where s.pending_restart or s.name in ('autovacuum', 'track_counts') and s.setting = 'off'
        union all
        select pg_catalog.format('track_counts for %I', r.rolname), 'it is off',
               pg_catalog.format('alter role %I%s reset track_counts;', r.rolname,
                                 ' in database ' || pg_catalog.quote_ident(d.datname))
        from pg_catalog.pg_db_role_setting o
        join pg_catalog.pg_roles r on r.oid = o.setrole
        left join pg_catalog.pg_database d on d.oid = o.setdatabase
        where (o.setdatabase = 0 or d.datname = pg_catalog.current_database())
        and exists (select from unnest(o.setconfig) as config where config ~* '^track_counts=(off?|0|f.*|no?)$')
        union all
        select t.oid::pg_catalog.regclass::text,
               case when off.toast = '' then 'autovacuum is off' else 'autovacuum is off for its TOAST table' end,
               pg_catalog.format('alter table %s reset (%sautovacuum_enabled);', t.oid::pg_catalog.regclass, off.toast)
        from pg_catalog.pg_class t
        left join pg_catalog.pg_class toast on toast.oid = t.reltoastrelid
        cross join lateral (
            select '' as toast, o.option_value from pg_catalog.pg_options_to_table(t.reloptions) as o
            where o.option_name = 'autovacuum_enabled'
            union all
            select 'toast.', o.option_value from pg_catalog.pg_options_to_table(toast.reloptions) as o
            where o.option_name = 'autovacuum_enabled'
        ) as off
        where t.relkind in ('r', 'm') and t.relpersistence <> 't' and not off.option_value::boolean
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = t.oid and e.deptype = 'e')
        """,
        of="""
        select count(*) as tables from pg_catalog.pg_class c where c.relkind in ('r', 'm') and c.relpersistence <> 't'
        """,
    )


@mark.policy(
    "MAINT-10",
    severity="P2",
    wrong="Prepared transactions have been left open",
    runbook=RUNBOOK,
    fix="""
    -- As {owner}, in database {database}: ask its coordinator whether to commit or to roll back, which loses what it
    -- wrote: rollback prepared {gid};
    """,
)
def test_no_prepared_transaction_is_left(auditor):
    """No prepared transaction is older than 5 minutes, in any database of the server.

    It belongs to no session: it keeps its locks, and vacuum from removing dead rows, until somebody ends it, even
    over a restart. Where nobody prepares transactions, max_prepared_transactions is 0 and there is none.
    """
    assert not auditor(
        """
        select pg_catalog.format('prepared transaction %%L', p.gid) as object, p.gid, p.database, p.owner, p.prepared
        from pg_catalog.pg_prepared_xacts p
        where p.prepared < pg_catalog.clock_timestamp() - %(prepared_minutes)s * interval '1 minute'
        """,
        of="select count(*) as databases from pg_catalog.pg_database",
    )


@mark.policy(
    "MAINT-11", severity="P0", wrong="Tables or indexes are damaged", runbook=RUNBOOK, needs="deep", fix="-- {object}"
)
def test_critical_tables_agree_with_their_indexes(amcheck):
    """The critical tables are sound, and each row of them is in each of their indexes.

    A row that an index lacks is not found, may be there twice, and its member cannot sign in; operating systems whose
    collations changed, functions that were not as immutable as they said, and failing disks do that, and nothing else
    tells. The tables are those that the runbook names (runbook_objects in audit.toml), or all of the exposed schemas
    where it names none, with partitions and TOAST, the indexes their B-trees. Reading keeps nobody from writing, but it
    takes its time: with --deep only.
    """
    assert not amcheck(
        """
        select distinct part.relid as relation
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        cross join lateral (
            select c.oid as relid union select p.relid from pg_catalog.pg_partition_tree(c.oid) as p) as part
        where pg_catalog.format('table %%s.%%s', n.nspname, c.relname) = any (%(runbook_objects)s)
        or c.relkind in ('r', 'p', 'm') and n.nspname = any (%(exposed)s) and not exists (
            select from pg_catalog.unnest(%(runbook_objects)s::pg_catalog.text[]) as named
            where pg_catalog.starts_with(named, 'table '))
        """
    )


@mark.policy(
    "MAINT-12",
    severity="P3",
    wrong="Extensions are behind the version that the server offers",
    runbook=RUNBOOK,
    fix="""
    -- {object}: its notes say what the new version changes. Its owner updates it (on Supabase: the dashboard):
    -- alter extension {name} update;
    """,
)
def test_extensions_are_up_to_date(auditor):
    """Every installed extension is at the version that the server offers.

    After an upgrade of the server its libraries are new and the SQL objects in the database are not, until somebody
    updates them. A version that goes beyond the one offered by default was chosen.
    """
    assert not auditor(
        """
        select pg_catalog.quote_ident(e.extname) as object, e.extname as name, e.extversion as installed,
               a.default_version as offered,
               case when a.default_version is null
               then '-- The server lacks the files of this extension: install them, or drop the extension.'
               when up.path is null then '-- No path leads to the version offered: see the notes of the extension.'
               end as fix
        from pg_catalog.pg_extension e
        left join pg_catalog.pg_available_extensions a on a.name = e.extname
        left join lateral (
            select p.path from pg_catalog.pg_extension_update_paths(a.name) as p
            where p.source = e.extversion and p.target = a.default_version) as up on true
        where e.extversion is distinct from a.default_version
        and (up.path is not null or not exists (
            select from pg_catalog.pg_extension_update_paths(a.name) as p
            where p.source = a.default_version and p.target = e.extversion and p.path is not null))
        """,
        of="select count(*) as extensions from pg_catalog.pg_extension",
    )


# Integer columns that a sequence feeds: as an identity, or by a default that is the sequence's next value and nothing
# more. A sequence that a column merely owns feeds it through a trigger or the application, once it was used.
FED = """
    with feeding as (
        select d.objid as sequence, d.refobjid as relation, d.refobjsubid as number from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0
        and case when d.deptype = 'i' then true
            when d.deptype <> 'a' or not exists (select from pg_catalog.pg_sequence q where q.seqrelid = d.objid)
            or exists (select from pg_catalog.pg_attrdef f where f.adrelid = d.refobjid and f.adnum = d.refobjsubid)
            then false
            when pg_catalog.has_sequence_privilege(d.objid, 'usage, select')
            then pg_catalog.pg_sequence_last_value(d.objid) is not null
            else false end
        union
        select d.refobjid, f.adrelid, f.adnum from pg_catalog.pg_depend d
        join pg_catalog.pg_attrdef f on f.oid = d.objid
        where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and pg_catalog.pg_get_expr(f.adbin, f.adrelid)
            ~ '^\\(?nextval\\(''([^'']|'''')*''::regclass\\)\\)?(::[a-z0-9_. "]+)?$'
    ), fed as (
        select q.seqrelid as sequence, q.seqincrement as step, q.seqmin as least, q.seqmax as most,
               s.relname as sequence_name, sn.nspname as sequence_schema,
               c.oid as relation, c.relname, n.nspname, a.attname,
               pg_catalog.has_table_privilege(q.seqrelid, 'select')
               and pg_catalog.has_schema_privilege(sn.oid, 'usage') as sequence_readable,
               pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')
               and pg_catalog.has_schema_privilege(n.oid, 'usage') as column_readable,
               pg_catalog.row_security_active(c.oid) as filtered,
               -- Without an index only what is read in a moment is read through.
               exists (select from pg_catalog.pg_index x
                       where x.indrelid = c.oid and x.indkey[0] = a.attnum and x.indisvalid and x.indpred is null)
               or (select coalesce(sum(part.relpages), 0) from pg_catalog.pg_class part
                   where part.oid = c.oid
                   or part.oid in (select t.relid from pg_catalog.pg_partition_tree(c.oid) as t)) < 10000 as cheap
        from feeding l
        join pg_catalog.pg_sequence q on q.seqrelid = l.sequence
        join pg_catalog.pg_class s on s.oid = q.seqrelid
        join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
        join pg_catalog.pg_class c on c.oid = l.relation and c.relkind in ('r', 'p') and not c.relispartition
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = l.number
        join pg_catalog.pg_type y on y.oid = a.atttypid
        where y.typoutput in ('int2out'::pg_catalog.regproc, 'int4out', 'int8out') and c.relpersistence <> 't'
        and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
    )
    """


@mark.policy(
    "MAINT-13",
    severity="P1",
    wrong="Inserts will fail: a sequence is behind its column",
    about="table",
    runbook=RUNBOOK,
    fix="-- {object} is behind {column}: move it on.",
)
def test_no_sequence_is_behind_its_column(auditor):
    """No sequence is behind the column that it feeds.

    Rows that came with their keys, from an import or a restore, do not move the sequence on: its next values are there
    already, and every insert fails with a duplicate key until it has counted past them. Where the column is not unique
    two rows share a number. A key counts when the sequence would come to it, by its increment and within its limits:
    keys that were put beyond its end are kept out of its way.
    """
    assert not auditor(
        FED
        + """
        select f.sequence::pg_catalog.regclass as object,
               pg_catalog.format('%s.%I', f.relation::pg_catalog.regclass, f.attname) as column,
               found.value as key_there, f.step as increment,
               case when f.step in (1, -1) then pg_catalog.format(
                   E'select pg_catalog.setval(%L, found.last) from (select %s(%I) as last from %s) as found\n'
                   || 'where found.last %s (select last_value from %s) and found.last between %s and %s;',
                   f.sequence::pg_catalog.regclass, case when f.step > 0 then 'max' else 'min' end, f.attname,
                   f.relation::pg_catalog.regclass, case when f.step > 0 then '>=' else '<=' end,
                   f.sequence::pg_catalog.regclass, f.least, f.most)
               else pg_catalog.format('select pg_catalog.setval(%L, %s);',
                                      f.sequence::pg_catalog.regclass, found.value) end as fix
        from fed f
        -- ts_stat puts a query that is built here, once a column; an index has the end of its column at hand.
        cross join lateral pg_catalog.ts_stat(
            case when f.sequence_readable and f.column_readable and not f.filtered and f.cheap then pg_catalog.format(
                'select array_to_tsvector(array_remove(array[(select %s(%I) from %I.%I where %I between %s and %s '
                'and (%I::bigint - next.value) %% %s = 0)::text], null)) from (select case when not is_called '
                'then last_value when %s then last_value + %s end as value from %I.%I) as next',
                case when f.step > 0 then 'max' else 'min' end, f.attname, f.nspname, f.relname, f.attname,
                case when f.step > 0 then 'next.value' else f.least::text end,
                case when f.step > 0 then f.most::text else 'next.value' end, f.attname, f.step,
                case when f.step > 0 then pg_catalog.format('last_value <= %s', f.most - f.step)
                     else pg_catalog.format('last_value >= %s', f.least - f.step) end,
                f.step, f.sequence_schema, f.sequence_name) end) as stat
        cross join lateral (select stat.word::numeric as value) as found
        """,
        of=FED + 'select count(*) as "columns that a sequence feeds" from fed',
        blind=FED
        + """
        select 'the audit may not read ' || case when lack.of_sequence then f.sequence else f.relation end
                                            ::pg_catalog.regclass, lack.statement
        from fed f
        cross join lateral (values
            (true, not pg_catalog.has_schema_privilege(f.sequence_schema, 'usage'),
             pg_catalog.format('grant usage on schema %%I to %%I;', f.sequence_schema, current_user)),
            (true, not pg_catalog.has_table_privilege(f.sequence, 'select'),
             pg_catalog.format('grant select on sequence %%s to %%I;', f.sequence::pg_catalog.regclass, current_user)),
            (false, not pg_catalog.has_schema_privilege(f.nspname, 'usage'),
             pg_catalog.format('grant usage on schema %%I to %%I;', f.nspname, current_user)),
            (false, not pg_catalog.has_column_privilege(f.relation, f.attname, 'select'),
             pg_catalog.format('grant select (%%I) on %%s to %%I;',
                               f.attname, f.relation::pg_catalog.regclass, current_user)),
            (false, f.filtered, pg_catalog.format('alter role %%I bypassrls;', current_user))
        ) as lack (of_sequence, lacking, statement)
        where lack.lacking and f.nspname <> all (%(platform_schemas)s)
        union all
        select pg_catalog.format('%%s.%%I has no index and too many rows to read them through',
                                 f.relation::pg_catalog.regclass, f.attname),
               pg_catalog.format('create index concurrently on %%s (%%I);', f.relation::pg_catalog.regclass, f.attname)
        from fed f where not f.cheap and f.nspname <> all (%(platform_schemas)s)
        """,
    )


# Collations in use in this database, with the version that was recorded when they were made and the one that the
# operating system or ICU has now. A collation that nothing uses sorts nothing. What the database's own is recorded
# with, the server knows since version 15: "default" stands for it (oid 100).
COLLATIONS = """
    with used as (
        select distinct a.attcollation as oid from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid
        where a.attcollation <> 0 and not a.attisdropped and c.oid >= 16384 and c.relkind in ('r', 'p', 'm', 'i', 'I')
        union
        select i.oid from pg_catalog.pg_index x cross join unnest(x.indcollation) as i (oid)
        where i.oid <> 0 and x.indexrelid >= 16384
    ), versions as (
        select c.oid, 'collation ' || c.oid::pg_catalog.regcollation as object, c.collversion as recorded,
               pg_catalog.pg_collation_actual_version(c.oid) as actual,
               pg_catalog.format('alter collation %s refresh version;', c.oid::pg_catalog.regcollation) as refresh
        from used u join pg_catalog.pg_collation c on c.oid = u.oid and c.oid <> 100
        union all
        select 100, pg_catalog.format('database %I', d.datname), pg_catalog.to_jsonb(d) ->> 'datcollversion',
               (select found.word from pg_catalog.ts_stat(case
                    when pg_catalog.current_setting('server_version_num')::int >= 150000 then pg_catalog.format(
                        'select array_to_tsvector(array_remove(array[pg_database_collation_actual_version(%s)], null))',
                        d.oid) end) as found),
               pg_catalog.format('alter database %I refresh collation version;', d.datname)
        from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
    )
    """


@mark.policy(
    "MAINT-14",
    severity="P1",
    wrong="Collations have changed: indexes on text may be wrong",
    runbook=RUNBOOK,
    fix="-- {object}: rebuild what it sorts, then {refresh}",
)
def test_collations_are_of_the_recorded_version(auditor):
    """The recorded versions of the database's collations are those in use.

    A new operating system or ICU may sort texts otherwise. Indexes on texts are then in the old order: a row that is
    there is not found, a unique key takes a value twice, and a member cannot sign in. The finding names indexes that
    depend on it. Refreshing the version alone only takes the warning away. Without a recorded version nothing can be
    compared: that of the database is recorded since PostgreSQL 15.
    """
    assert not auditor(
        COLLATIONS
        + """
        select v.object, v.recorded, v.actual, v.refresh,
               (select count(*) from pg_catalog.pg_index x where v.oid = any (x.indcollation)) as indexes,
               (select pg_catalog.string_agg(few.name, ', ') from (
                    select x.indexrelid::pg_catalog.regclass::text as name from pg_catalog.pg_index x
                    where v.oid = any (x.indcollation) and x.indexrelid >= 16384
                    order by 1 limit 10) as few) as such_as,
               pg_catalog.concat_ws(E'\\n',
                   '-- One by one, when there is time; MAINT-11 (--deep) tells afterwards whether they are sound:',
                   (select pg_catalog.string_agg('-- reindex index concurrently ' || few.name || ';', E'\\n') from (
                        select x.indexrelid::pg_catalog.regclass::text as name from pg_catalog.pg_index x
                        where v.oid = any (x.indcollation) and x.indexrelid >= 16384 order by 1) as few),
                   '-- When all are rebuilt: ' || v.refresh) as fix
        from versions v where v.recorded <> v.actual
        """,
        of=COLLATIONS + 'select count(*) as "collations with a version" from versions v where v.recorded is not null',
    )

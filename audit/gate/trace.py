"""What the statements of a migration did, by watching the server: locks, rewrites, scans, rows, catalogue, values.

Everything is asked on the migration's own connection, because nobody else sees what it has not committed: after each
statement, in a savepoint that is rolled back, as the superuser. What only reads or adds rows (``insert``) is looked at
together with its neighbours, so that a file of many thousand statements takes no longer than it must.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.pq import TransactionStatus

from audit.evidence import safe
from audit.gate.results import WORDS_TOLD, Change, Lock, Moved, Print, Step
from audit.migrations import Refused, stands_alone
from audit.question import Connection
from audit.server.rights import PLAIN_PATH
from audit.server.watchdog import Watchdog
from audit.sql_text import Statement

# What each lock mode conflicts with, as far as an application's statements are concerned: SELECT takes ACCESS SHARE,
# and INSERT, UPDATE and DELETE take ROW EXCLUSIVE.
# https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
MODES = {
    "AccessShareLock": "ACCESS SHARE",
    "RowShareLock": "ROW SHARE",
    "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
    "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    "ExclusiveLock": "EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}
STRENGTH = {mode: number for number, mode in enumerate(MODES.values())}
BLOCKS = {
    "SHARE": "writes",
    "SHARE ROW EXCLUSIVE": "writes",
    "EXCLUSIVE": "writes",
    "ACCESS EXCLUSIVE": "reads and writes",
}

# Statements that only read settings or add rows: what they did is looked at together.
LIGHT = frozenset({"insert", "set", "comment", "reset"})
# An insert that may change rows that are there.
OVERWRITING = re.compile(r"\bdo\s+update\b", re.IGNORECASE)

# What takes rows or values away, wherever it stands in a statement: with few rows it may meet none.
TAKING_AWAY = re.compile(
    r"\bdelete\s+from\b|\bthen\s+delete\b|\btruncate\b|\bupdate\b[^;]*\bset\b[^;]*=\s*null\b", re.IGNORECASE
)
_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_TARGET = re.compile(
    rf"\b(?:delete\s+from|truncate(?:\s+table)?|update|merge\s+into)\s+(?:only\s+)?(?:{_NAME}\s*\.\s*)?({_NAME})",
    re.IGNORECASE,
)
# Statements that can hold several others.
COMPOUND = frozenset({"do", "call", "select", "with"})

# What takes back what a transaction did, all of it or from a savepoint on; and the name at the end of such a statement.
# https://www.postgresql.org/docs/current/sql-rollback-to.html
TAKING_BACK = frozenset({"rollback", "abort"})
ENDING = TAKING_BACK | {"commit", "end"}
_LAST_NAME = re.compile(rf"({_NAME})\W*$")


@dataclass(frozen=True)
class Entry:
    """One part of the catalogue: what it is called, and what is to be told when it changes, by name.

    Facts whose name begins with ``_`` are compared and not shown: they may hold literals.
    """

    kind: str
    title: str
    facts: Mapping[str, Any]


@dataclass
class State:
    """The database at one moment: relations by number, the catalogue's parts, contents of tables, sequences."""

    titles: dict[int, str]
    kinds: dict[int, str]
    files: dict[int, int]
    of_table: dict[int, int]
    entries: dict[str, Entry]
    prints: dict[int, Print]
    sequences: dict[str, int | None]


_USER_SCHEMA = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"

_RELATIONS = f"""
select c.oid::bigint, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind::text,
       pg_catalog.pg_relation_filenode(c.oid)::bigint, i.indrelid::bigint
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_index i on i.indexrelid = c.oid
where {_USER_SCHEMA} and c.relpersistence <> 't'
"""

# https://www.postgresql.org/docs/current/catalogs.html
_ENTRIES = f"""
with schemas as (select n.oid, n.nspname, n.nspowner, n.nspacl from pg_catalog.pg_namespace n where {_USER_SCHEMA}),
relations as (
    select c.*, pg_catalog.format('%I.%I', n.nspname, c.relname) as title
    from pg_catalog.pg_class c join schemas n on n.oid = c.relnamespace where c.relpersistence <> 't'
)
select 'r' || c.oid as key,
       case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'i' then 'index'
            when 'I' then 'index' when 'S' then 'sequence' when 'f' then 'foreign table' when 'c' then 'type'
            else 'table' end as kind,
       c.title,
       pg_catalog.jsonb_build_object(
           'owner', c.relowner::pg_catalog.regrole, 'row level security', c.relrowsecurity,
           'forced row level security', c.relforcerowsecurity, 'options', c.reloptions, 'grants', c.relacl::text,
           'valid', (select i.indisvalid from pg_catalog.pg_index i where i.indexrelid = c.oid),
           'persistence', c.relpersistence, 'partition', c.relispartition,
           '_definition', case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid)
                               when c.relkind in ('i', 'I') then pg_catalog.pg_get_indexdef(c.oid) end) as facts
from relations c
union all
select 'c' || a.attrelid || '.' || a.attnum, 'column', c.title || '.' || pg_catalog.quote_ident(a.attname),
       pg_catalog.jsonb_build_object(
           'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull, 'identity', a.attidentity,
           'generated', a.attgenerated, 'grants', a.attacl::text, 'default', f.oid is not null,
           '_default', pg_catalog.pg_get_expr(f.adbin, f.adrelid))
from relations c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
where c.relkind in ('r', 'p', 'v', 'm', 'f')
union all
select 'k' || k.oid, 'constraint', pg_catalog.quote_ident(k.conname) || ' of ' || c.title,
       pg_catalog.jsonb_build_object('kind', k.contype, 'valid', k.convalidated,
                                     '_definition', pg_catalog.pg_get_constraintdef(k.oid))
from relations c join pg_catalog.pg_constraint k on k.conrelid = c.oid
union all
select 'p' || p.oid, 'policy', pg_catalog.quote_ident(p.polname) || ' of ' || c.title,
       pg_catalog.jsonb_build_object(
           'command', p.polcmd, 'permissive', p.polpermissive, 'roles', (
               select pg_catalog.array_agg(coalesce(r.rolname, 'public') order by r.rolname)
               from pg_catalog.unnest(p.polroles) as role left join pg_catalog.pg_roles r on r.oid = role),
           '_using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
           '_check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
from relations c join pg_catalog.pg_policy p on p.polrelid = c.oid
union all
select 't' || t.oid, 'trigger', pg_catalog.quote_ident(t.tgname) || ' of ' || c.title,
       pg_catalog.jsonb_build_object('enabled', t.tgenabled, '_definition', pg_catalog.pg_get_triggerdef(t.oid))
from relations c join pg_catalog.pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
union all
select 'f' || p.oid, 'function',
       pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
       pg_catalog.jsonb_build_object(
           'owner', p.proowner::pg_catalog.regrole, 'security definer', p.prosecdef, 'settings', p.proconfig,
           'volatility', p.provolatile, 'grants', p.proacl::text,
           '_body', p.prosrc,
           '_definition', case when p.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(p.oid) end)
from schemas n join pg_catalog.pg_proc p on p.pronamespace = n.oid
where not exists (select from pg_catalog.pg_depend d where d.deptype = 'e' and d.objid = p.oid
                  and d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
union all
select 'y' || t.oid, 'type', pg_catalog.format('%I.%I', n.nspname, t.typname),
       pg_catalog.jsonb_build_object('labels', (
           select pg_catalog.array_agg(e.enumlabel order by e.enumsortorder)
           from pg_catalog.pg_enum e where e.enumtypid = t.oid))
from schemas n join pg_catalog.pg_type t on t.typnamespace = n.oid and t.typtype in ('e', 'd')
union all
select 's' || n.oid, 'schema', pg_catalog.quote_ident(n.nspname),
       pg_catalog.jsonb_build_object('owner', n.nspowner::pg_catalog.regrole, 'grants', n.nspacl::text)
from schemas n
union all
select 'd' || d.oid, 'default privileges',
       pg_catalog.format('of %s on %s in %s', d.defaclrole::pg_catalog.regrole, d.defaclobjtype,
                         case when d.defaclnamespace = 0 then 'every schema'
                              else d.defaclnamespace::pg_catalog.regnamespace::text end),
       pg_catalog.jsonb_build_object('grants', d.defaclacl::text)
from pg_catalog.pg_default_acl d
union all
select 'e' || e.oid, 'extension', pg_catalog.quote_ident(e.extname),
       pg_catalog.jsonb_build_object('version', e.extversion)
from pg_catalog.pg_extension e
union all
select 'm' || m.roleid || '.' || m.member, 'membership',
       pg_catalog.format('of %s in %s', m.member::pg_catalog.regrole, m.roleid::pg_catalog.regrole), '{{}}'
from (select distinct roleid, member from pg_catalog.pg_auth_members) m
union all
select 'o' || r.oid, 'role', pg_catalog.quote_ident(r.rolname),
       pg_catalog.jsonb_build_object('superuser', r.rolsuper, 'bypasses row level security', r.rolbypassrls,
                                     'login', r.rolcanlogin, 'settings', r.rolconfig)
from pg_catalog.pg_roles r where r.rolname !~ '^pg_'
"""

# Tables with rows of their own, and their columns in their order; what is generated is no information of its own.
_TABLES = f"""
select c.oid::bigint, pg_catalog.format('%%I.%%I', n.nspname, c.relname), pg_catalog.array_agg(a.attname::text),
       pg_catalog.array_agg(a.attnum::integer)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = ''
where {_USER_SCHEMA} and c.relkind = 'r' and c.relpersistence <> 't'
and (%(only)s::bigint[] is null or c.oid = any (%(only)s))
group by c.oid, n.nspname, c.relname
"""

_SEQUENCES = """
select pg_catalog.format('%I.%I', s.schemaname, s.sequencename), s.last_value from pg_catalog.pg_sequences s
"""

# What the transaction holds, and what it did so far: the counts are those that were not handed on yet.
# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-XACT-ALL-TABLES-VIEW
_LOCKS = """
select l.relation::bigint, l.mode from pg_catalog.pg_locks l
where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.granted and l.relation >= 16384
"""
_COUNTS = """
select s.relid::bigint, s.n_tup_ins, s.n_tup_upd, s.n_tup_del, s.seq_tup_read, s.seq_scan
from pg_catalog.pg_stat_xact_all_tables s
where s.relid >= 16384 and s.n_tup_ins + s.n_tup_upd + s.n_tup_del + s.seq_scan > 0
"""
_CATALOGUE_WRITES = "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_catalog.pg_stat_xact_sys_tables"

Counts = dict[int, tuple[int, int, int, int, int]]


@contextmanager
def looking(conn: Connection) -> Iterator[None]:
    """Look as the login, whom nothing is hidden from, in a transaction or out of one, and leave no trace of it."""
    inside = conn.info.transaction_status == TransactionStatus.INTRANS
    begin = "savepoint audit_looks" if inside else "begin"
    conn.execute(
        f"{begin}; set local session authorization default; set local role none;"
        f"set local search_path = {PLAIN_PATH};"
        "set local row_security = off; set local statement_timeout = 0; set local lock_timeout = 0",
        prepare=False,
    )
    try:
        yield
    finally:
        if not conn.closed:
            end = "rollback to savepoint audit_looks; release savepoint audit_looks" if inside else "rollback"
            conn.execute(end, prepare=False)


def state(conn: Connection) -> State:
    """Return the whole state. Raises psycopg.Error."""
    with looking(conn):
        relations = conn.execute(_RELATIONS).fetchall()
        return State(
            titles={oid: title for oid, title, *_ in relations},
            kinds={oid: kind for oid, _, kind, *_ in relations},
            files={oid: node for oid, _, _, node, _ in relations if node},
            of_table={oid: table for oid, *_, table in relations if table},
            entries=_entries(conn),
            prints=prints(conn),
            sequences=dict(conn.execute(_SEQUENCES).fetchall()),
        )


def _entries(conn: Connection) -> dict[str, Entry]:
    return {key: Entry(kind, title, facts) for key, kind, title, facts in conn.execute(_ENTRIES)}


def prints(conn: Connection, only: Sequence[int] | None = None, *, kinds: bool = False) -> dict[int, Print]:
    """Return the contents of tables (all, or ``only`` some) in figures; with the numbers of different values."""
    found: dict[int, Print] = {}
    for oid, title, columns, numbers in conn.execute(_TABLES, {"only": None if only is None else [*only]}).fetchall():
        names = [name for name in columns if name is not None]
        told = [sql.Identifier(name) for name in names]
        parts = [sql.SQL("count({})").format(name) for name in told]
        parts += [
            sql.SQL("coalesce(sum(pg_catalog.hashtextextended({}::text, 0)), 0)::text").format(name) for name in told
        ]
        parts += [sql.SQL("count(distinct {}::text)").format(name) for name in told] if kinds else []
        query = sql.SQL("select {} from {}").format(sql.SQL(", ").join([sql.SQL("count(*)"), *parts]), sql.SQL(title))
        ((rows, *figures),) = conn.execute(query).fetchall()
        count = len(names)
        found[oid] = Print(
            rows,
            dict(zip(names, figures[:count], strict=True)),
            dict(zip(names, figures[count : 2 * count], strict=True)),
            dict(zip(names, figures[2 * count :], strict=True)) if kinds else {},
            dict(zip(names, numbers, strict=True)) if names else {},
        )
    return found


class Tracer:
    """Watches one file; :meth:`around` goes around each statement. ``steps`` is what became of them.

    ``base`` is what was there before all new migrations: only that has readers, writers and data to lose.
    """

    def __init__(self, conn: Connection, now: State, base: State, limit_s: float, watchdog: Watchdog) -> None:
        self.conn = conn
        self.now = now
        self.known = frozenset(base.titles)
        self.columns = {oid: frozenset(figures.numbers.values()) for oid, figures in base.prints.items()}
        self.limit_s = limit_s
        self.watchdog = watchdog
        self.steps: list[Step] = []
        self._group: Step | None = None
        # The savepoints of the transaction, and how many steps there were before each; and before all of it.
        self._savepoints: list[tuple[str, int]] = []
        self._begun = 0
        self._locks: dict[int, set[str]] = {}
        self._counts: Counts = {}
        self._writes = 0

    @contextmanager
    def around(self, statement: Statement, line: int) -> Iterator[None]:
        """Execute one statement in its time limit, and look at what it did. Raises Refused when it took too long."""
        light = statement.words[:1] and statement.words[0] in LIGHT and not OVERWRITING.search(statement.text)
        if not light:
            self._close_group()
        alone = stands_alone(statement)
        step = self._group if light and self._group else Step(line, statement.words, alone)
        if step is self._group:
            step.statements += 1
        elif not alone:
            self._remember(step, statement)
        begun = time.monotonic()
        try:
            with self.watchdog.limiting(self.conn, self.limit_s) as killed:
                yield
        except psycopg.Error as error:
            step.duration_ms += (time.monotonic() - begun) * 1000
            step.error = "took too long" if killed.is_set() else type(error).__name__
            if step is not self._group:
                self.steps.append(step)
            self._group = None
            if killed.is_set() or isinstance(error, errors.QueryCanceled):
                limit = f"the time limit of {self.limit_s:g} s" if killed.is_set() else "a time limit of its own"
                reason = f"was stopped at {limit}: {' '.join(statement.words[:WORDS_TOLD])}"
                raise Refused(safe(reason), statement.start) from error
            raise
        step.duration_ms += (time.monotonic() - begun) * 1000
        if light:
            if self._group is None:
                self.steps.append(step)
            self._group = step
        else:
            self.steps.append(step)
            if statement.words[:1] and statement.words[0] in TAKING_BACK:
                self._take_back(statement)
            else:
                self._look(step, statement.text)
        self._follow(statement)

    def finish(self, *, applied: bool) -> None:
        """Look at what the last statements did, and what happened when the file was committed."""
        self._close_group()
        if not applied:
            self.now = state(self.conn)  # without what was rolled back, which nobody did
        elif self.steps:
            last = self.steps[-1]
            with looking(self.conn):
                self._compare(last, everything=True)

    def _follow(self, statement: Statement) -> None:
        """Keep account of where the transaction began, and of its savepoints."""
        # With AND CHAIN the next transaction has begun already.
        ended = statement.words[:1] and statement.words[0] in ENDING and not {"to", "prepared"} & {*statement.words}
        if ended or self.conn.info.transaction_status == TransactionStatus.IDLE:
            self._savepoints, self._begun = [], len(self.steps)
        elif statement.words[:1] == ("savepoint",):
            self._savepoints.append((_last_name(statement), len(self.steps)))
        elif statement.words[:1] == ("release",):
            self._savepoints = self._savepoints[: self._place(statement)]

    def _place(self, statement: Statement) -> int:
        """Return where in the list the savepoint is that a statement names: the last one of that name."""
        name = _last_name(statement)
        return max((n for n, (each, _) in enumerate(self._savepoints) if each == name), default=len(self._savepoints))

    def _take_back(self, statement: Statement) -> None:
        """Take back what the steps did that a statement rolled back."""
        if "prepared" in statement.words[:2]:
            return
        since = self._begun
        if "to" in statement.words:
            place = self._place(statement)
            since = self._savepoints[place][1] if place < len(self._savepoints) else len(self.steps)
            self._savepoints = self._savepoints[: place + 1]
        was, self.now = self.now, state(self.conn)
        for step in self.steps[since:]:
            # What setval() did stays, whatever becomes of the transaction.
            stays = (name for name in step.reset if was.sequences.get(name) == self.now.sequences.get(name))
            step.take_back(tuple(stays))

    def _close_group(self) -> None:
        if self._group is not None:
            step, self._group = self._group, None
            if self.conn.info.transaction_status == TransactionStatus.INTRANS:
                self._look(step)

    def _remember(self, step: Step, statement: Statement) -> None:
        """Look at what is so before the statement, so that only what it does itself is told of it."""
        with looking(self.conn):
            self._locks, self._counts, self._writes = self._quick()
            # Whether a change of type lost something is seen by the numbers of different values.
            if re.search(r"\btype\b", statement.text, re.IGNORECASE):
                tables = [oid for oid in self.now.prints if oid in self.known]
                self.now.prints |= prints(self.conn, tables, kinds=True)
                self._counts = self._quick()[1]

    def _quick(self) -> tuple[dict[int, set[str]], Counts, int]:
        locks: dict[int, set[str]] = {}
        for relation, mode in self.conn.execute(_LOCKS):
            locks.setdefault(relation, set()).add(MODES.get(mode, str(mode)))
        counts: Counts = {relation: tuple(numbers) for relation, *numbers in self.conn.execute(_COUNTS)}
        ((writes,),) = self.conn.execute(_CATALOGUE_WRITES).fetchall()
        return locks, counts, int(writes)

    def _look(self, step: Step, text: str = "") -> None:
        inside = self.conn.info.transaction_status == TransactionStatus.INTRANS
        if not inside and not step.alone:
            return  # the statement ended the transaction, or failed and the file goes on
        with looking(self.conn):
            if not inside:
                self._compare(step, everything=True)
                return
            locks, counts, writes = self._quick()
            held, taken = [], []
            for relation, modes in locks.items():
                if relation in self.known and self.now.kinds.get(relation) in ("r", "p", "m"):
                    held.append(self._lock(relation, modes))
                    new = modes - self._locks.get(relation, set())
                    taken += [self._lock(relation, new)] if new else []
            step.held, step.taken = tuple(held), tuple(taken)
            step.moved = self._moved(counts)
            aimed_at = self._aimed_at(locks, text) if TAKING_AWAY.search(text) else {}
            self._compare(step, everything=False, catalogue=writes != self._writes)
            step.unmet = _unmet(step, aimed_at)

    def _aimed_at(self, locks: Mapping[int, set[str]], text: str) -> dict[str, bool]:
        """Return the tables that a statement would change rows of, and whether each is a partition.

        Those that it names, else those that it locked for that: names may be put together when it runs.
        """
        changed = {
            oid: self.now.titles[oid]
            for oid, modes in locks.items()
            if oid in self.known and self.now.kinds.get(oid) == "r"
            and any(STRENGTH.get(mode, 0) >= STRENGTH["ROW EXCLUSIVE"] for mode in modes)
        }  # fmt: skip
        names = set(_TARGET.findall(text))
        named = [oid for oid, title in changed.items() if title.rpartition(".")[2] in names]
        aimed_at = named or [oid for oid in changed if locks[oid] - self._locks.get(oid, set())]
        return {changed[oid]: bool(self.now.entries[f"r{oid}"].facts.get("partition")) for oid in aimed_at}

    def _lock(self, relation: int, modes: set[str]) -> Lock:
        mode = max(modes, key=lambda mode: STRENGTH.get(mode, 0))
        # Nobody writes to a materialized view but whoever refreshes it.
        harmless = self.now.kinds[relation] == "m" and mode != "ACCESS EXCLUSIVE"
        return Lock(self.now.titles[relation], mode, "" if harmless else BLOCKS.get(mode, ""))

    def _moved(self, counts: Counts) -> dict[str, Moved]:
        moved = {}
        for relation, numbers in counts.items():
            before = self._counts.get(relation, (0, 0, 0, 0, 0))
            difference = [now - was for now, was in zip(numbers, before, strict=True)]
            if any(difference) and relation in self.now.titles:
                moved[self.now.titles[relation]] = Moved(*difference)
        return moved

    def _compare(self, step: Step, *, everything: bool, catalogue: bool = True) -> None:
        """Compare the database with what it was before the statement, and take that as the new present."""
        was = self.now
        touched = {oid for oid, title in was.titles.items() if title in step.moved and _wrote(step.moved[title])}
        if catalogue:
            relations = self.conn.execute(_RELATIONS).fetchall()
            titles = {oid: title for oid, title, *_ in relations}
            files = {oid: node for oid, _, _, node, _ in relations if node}
            entries = _entries(self.conn)
            of_table = {oid: table for oid, *_, table in relations if table}
            changes = tuple(_changes(was.entries, entries))
            refiled = {oid for oid, node in files.items() if was.files.get(oid, node) != node}
            altered = {
                oid for oid in was.prints if oid in titles and _columns(was.entries, oid) != _columns(entries, oid)
            }
            gone = {oid for oid in was.prints if oid not in titles}
            step.catalogue += changes
            rewritten = {oid for oid in refiled if was.kinds[oid] in ("r", "m")}
            step.rewritten += tuple(was.titles[oid] for oid in rewritten if oid in self.known)
            step.rebuilt += tuple(
                was.titles[oid]
                for oid in refiled
                if was.kinds[oid] == "i" and oid in self.known and was.of_table.get(oid) not in rewritten
            )
            kinds = {oid: kind for oid, _, kind, *_ in relations}
            fresh = set(titles) - set(was.titles)
        else:
            titles, files, entries, of_table, kinds = was.titles, was.files, was.entries, was.of_table, was.kinds
            refiled, altered, gone, fresh = set(), set(), set(), set()
        looked = None if everything else sorted(touched | refiled | altered | fresh)
        # Numbers of different values are worth their time where a type may have changed only.
        counted = bool(altered) and any(was.prints[oid].kinds for oid in altered)
        now = prints(self.conn, looked, kinds=counted) if looked is None or looked else {}
        for oid, figures in now.items():
            if oid in self.known and oid in was.prints and (was.prints[oid] != figures or oid in altered):
                before = was.prints[oid].of(self.columns[oid])
                step.before = {**step.before, was.titles[oid]: step.before.get(was.titles[oid], before)}
                step.after = {**step.after, was.titles[oid]: figures}
        for oid in gone & self.known:
            step.before = {**step.before, was.titles[oid]: was.prints[oid].of(self.columns[oid])}
            step.after = {**step.after, was.titles[oid]: None}
        sequences: dict[str, int | None] = dict(self.conn.execute(_SEQUENCES).fetchall())
        step.reset += tuple(
            name
            for name, value in was.sequences.items()
            if value is not None and name in sequences and (sequences[name] or 0) < value
        )
        kept = {oid: figures for oid, figures in was.prints.items() if oid not in gone}
        self.now = State(titles, kinds, files, of_table, entries, {**kept, **now}, sequences)


def _last_name(statement: Statement) -> str:
    match = _LAST_NAME.search(statement.text)
    name = match[1] if match else ""
    return name if name.startswith('"') else name.lower()


def _unmet(step: Step, aimed_at: Mapping[str, bool]) -> tuple[str, ...]:
    met = {*step.before, *(table for table, moved in step.moved.items() if _wrote(moved))}
    if met and step.words[:1] and step.words[0] not in COMPOUND:
        return ()
    # That a statement met no row of one partition of many says nothing.
    return tuple(table for table, partition in aimed_at.items() if not met or not (partition or table in met))


def _wrote(moved: Moved) -> bool:
    return bool(moved.inserted or moved.updated or moved.deleted)


def _columns(entries: Mapping[str, Entry], oid: int) -> dict[str, tuple[str, object]]:
    prefix = f"c{oid}."
    return {key: (e.title, e.facts.get("type")) for key, e in entries.items() if key.startswith(prefix)}


def _changes(was: Mapping[str, Entry], now: Mapping[str, Entry]) -> Iterator[Change]:
    """Tell how the catalogue changed; parts of what is new or gone as a whole are not told one by one."""
    whole = {key[1:] for key in was.keys() ^ now.keys() if key.startswith("r")}
    for key in sorted(was.keys() | now.keys()):
        before, after = was.get(key), now.get(key)
        if before == after or (key.startswith("c") and key[1:].partition(".")[0] in whole):
            continue
        if before is None and after is not None:
            yield Change("created", after.kind, after.title, _shown(after.facts))
        elif before is not None and after is None:
            yield Change("dropped", before.kind, before.title)
        elif before is not None and after is not None:
            # A column's title begins with its table's, and a constraint's ends with it: those may be renamed, too.
            own = [e.title.rpartition(".")[2] if key[0] in "ck" else e.title for e in (before, after)]
            if own[0] != own[1]:
                yield Change("renamed", after.kind, before.title, f"to {after.title}")
            facts = _differing(before.facts, after.facts)
            if facts:
                yield Change("changed", after.kind, after.title, facts)


def _shown(facts: Mapping[str, Any]) -> str:
    """Tell of something new what matters for access, and for a column its type."""
    told = [f"{name} {_plain(facts[name])}" for name in ("type", "command", "roles", "grants") if facts.get(name)]
    told += ["security definer"] if facts.get("security definer") else []
    told += ["invalid"] if facts.get("valid") is False else []
    return ", ".join(told)


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    told = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if name.startswith("_"):
            told.append(name[1:])
        else:
            told.append(f"{name} {_plain(old)} → {_plain(new)}")
    return ", ".join(told)


def _plain(value: object) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)

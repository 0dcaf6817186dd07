"""What new triggers and rules of tables that hold rows do when somebody writes: acted out on made-up rows, and undone.

Some rows are written once more as they are, and changed column by column to what other rows hold; where what fires
speaks of time, once more after every second row became old. What may not come of it: that nothing is written, that
rows are gone, or that values which nobody wrote are emptied or made equal. Deletions are not acted out: what a trigger
takes along with a row, or keeps of it, is what such triggers are for.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from audit.gate.contents import compare, prints
from audit.gate.looking import looking
from audit.gate.reading import code
from audit.gate.results import TOUCHED, Change, Effect, Entry, Loss, Print, Step
from audit.people import CAST
from audit.question import Connection
from audit.sql_text import STRING, Token

# So many rows are written, and so many columns changed at most; each by nobody in particular, and by a member.
ROWS = 5
COLUMNS = 12
# What fires may wait for a value that few rows have, or that rows of another table have: so many are tried at once.
MANY = 500
WRITERS = (None, "alice")
# So many different values of a column that become the same are a loss.
KINDS = 3

_COLUMNS = """
select a.attname::pg_catalog.text, coalesce(a.attnum = any (i.indkey), false)
from pg_catalog.pg_attribute a
left join pg_catalog.pg_index i on i.indrelid = a.attrelid and i.indisprimary
where a.attrelid = %s and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
order by a.attnum
"""
_PLAIN = "set local session authorization default; set local role none; set local search_path = pg_catalog, pg_temp"
_USUAL = 'set local search_path = "$user", public, extensions'


@dataclass(frozen=True)
class Fired:
    """A table on which something fires that a statement made or changed: that statement's step, and what fires.

    ``off`` are the statements that make it as it was: a function has its old body, and a trigger is switched off.
    ``timed`` are the names in what fires, if it speaks of time.
    """

    step: Step
    oid: int
    title: str
    by: str
    off: tuple[str, ...]
    timed: frozenset[str] = frozenset()


def fired(steps: Sequence[Step], entries: Mapping[str, Entry], known: Mapping[int, str]) -> Iterator[Fired]:
    """Yield the tables on which something new fires, of those that were there before all new files."""
    found: dict[int, list[tuple[Step, Entry, str]]] = {}
    were = dict(_were(steps))
    for kinds in (("trigger", "rule"), ("function",)):
        for step in steps:
            for change in step.catalogue if not step.undone else ():
                if change.kind not in kinds or not does_otherwise(change):
                    continue
                for key, entry in entries.items():
                    calls = change.kind == "function" and f"f{entry.facts.get('_function')}" == change.key
                    if entry.kind in ("trigger", "rule") and (key == change.key or calls):
                        before = change.fact("_definition")[0] if calls else were.get(entry.title)
                        found.setdefault(entry.facts["_of"], []).append((step, entry, before or ""))
    for oid, firing in found.items():
        if oid in known:
            step, entry, _ = firing[0]
            off = (
                before or f"alter table {known[oid]} disable {each.kind} {each.title.rpartition(' of ')[0]}"
                for _, each, before in firing
            )
            timed = frozenset(name for _, each, _ in firing for name in _timed(each, entries))
            yield Fired(step, oid, known[oid], f"{entry.kind} {entry.title}", tuple(dict.fromkeys(off)), timed)


def _were(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """Yield the triggers that are made anew in another form, with what makes them as they were."""
    for step in steps:
        for change in step.catalogue if not step.undone else ():
            if change.kind == "trigger" and change.known and change.before is not None:
                name, _, table = change.before.title.rpartition(" of ")
                definition = change.before.facts["_definition"]
                yield change.before.title, f"drop trigger if exists {name} on {table}; {definition}"


# What says how late it is: https://www.postgresql.org/docs/current/functions-datetime.html
CLOCK = frozenset({
    "now", "current_timestamp", "current_date", "localtimestamp", "clock_timestamp", "statement_timestamp",
    "transaction_timestamp", "timeofday",
})  # fmt: skip
_MOMENT = re.compile(r"\s*\d{4}-\d\d?-\d\d?")


def _timed(firing: Entry, entries: Mapping[str, Entry]) -> set[str]:
    """Return the names in what fires, and in what it calls; none where it does not speak of time."""
    texts = [str(firing.facts["_definition"])]
    if (function := entries.get(f"f{firing.facts.get('_function')}")) is not None:
        bodies = bodies_of(entries)
        texts += [text for name in called(function, bodies) for text in bodies.get(name, ())]
    found = [token for text in texts for token in code(text)]
    return {token.name for token in found if token.name} if any(map(of_time, found)) else set()


def of_time(token: Token) -> bool:
    """Tell whether a word of some code says how late it is, or names a moment."""
    return token.name in CLOCK or (token.kind is STRING and bool(_MOMENT.match(token.value)))


def bodies_of(entries: Mapping[str, Entry]) -> dict[str, list[str]]:
    """Return the code of functions by their names."""
    found: dict[str, list[str]] = {}
    for entry in entries.values():
        if entry.kind == "function" and entry.facts.get("_body"):
            found.setdefault(entry.facts["_name"], []).append(entry.facts["_body"])
    return found


def called(function: Entry, bodies: Mapping[str, list[str]]) -> frozenset[str]:
    """Return the names of a function and of those that it calls, at any depth."""
    seen, waiting = set[str](), {str(function.facts["_name"])}
    while waiting:
        seen |= waiting
        names = {token.name for name in waiting for body in bodies.get(name, ()) for token in code(body)}
        waiting = (names & bodies.keys()) - seen
    return frozenset(seen)


# What decides what a function does, when it is called by a trigger; of a trigger or rule it is all that is known.
_DECIDING = ("_body", "settings", "security definer", "owner")


def does_otherwise(change: Change) -> bool:
    """Tell whether something that fires is new, or does something else than before: who may call it says nothing."""
    if change.kind != "function" or change.what != "changed":
        return change.what in ("created", "changed")
    return any(before != after for before, after in map(change.fact, _DECIDING))


@dataclass
class _Came:
    """What came of acts of one kind: how many were tried, how many of them wrote nothing, and what was lost."""

    tried: int = 0
    idle: int = 0
    lost: dict[str, Loss] = field(default_factory=dict)

    @property
    def wrote_nothing(self) -> bool:
        """Whether something was tried, and nothing was ever written."""
        return bool(self.tried) and self.idle == self.tried


class TooLongError(Exception):
    """What fires was not tried to its end in the time that there is for it."""


def losses(
    conn: Connection, table: Fired, now: Mapping[int, Print], titles: Mapping[int, str], until: float
) -> Iterator[Loss]:
    """Yield what is lost when rows of a table are written, and was not without what is new.

    The connection is in no transaction; ``now`` is what tables hold, and ``titles`` are those that had something to
    lose. Nothing is begun after ``until``, a time of :func:`time.monotonic`.

    Raises TooLongError when it is not tried to its end, and psycopg.Error when the connection is lost.
    """
    columns = conn.execute(_COLUMNS, [table.oid]).fetchall()
    told: set[str] = set()
    for aged in (False, True) if table.timed else (False,):
        for loss in _newly(conn, table, columns, now, titles, until, aged=aged):
            if loss.what not in told:
                told.add(loss.what)
                yield loss


def _newly(
    conn: Connection,
    table: Fired,
    columns: Sequence[tuple[str, bool]],
    now: Mapping[int, Print],
    titles: Mapping[int, str],
    until: float,
    *,
    aged: bool,
) -> Iterator[Loss]:
    came = _came(conn, table, columns, now, titles, until, aged=aged)
    if not any(each.lost or each.wrote_nothing for each in came.values()):
        return
    without = _came(conn, table, columns, now, titles, until, aged=aged, off=True)
    for act, each in came.items():
        if each.wrote_nothing and not without[act].wrote_nothing:
            told = f"{table.by} lets no {act} of {table.title} come to anything"
            yield Loss(f"rows of {table.title}", "rows swallowed", table.title, told)
        elif not each.wrote_nothing:
            yield from (loss for what, loss in each.lost.items() if what not in without[act].lost)


def _came(
    conn: Connection,
    table: Fired,
    columns: Sequence[tuple[str, bool]],
    now: Mapping[int, Print],
    titles: Mapping[int, str],
    until: float,
    *,
    aged: bool,
    off: bool = False,
) -> dict[str, _Came]:
    """Act in all ways, and return what came of it, by "insert" and "update"; ``off``: without what is new.

    Raises TooLongError.
    """
    came = {"insert": _Came(), "update": _Came()}
    conn.execute("begin", prepare=False)
    try:
        if off:
            _switch_off(conn, table)
        if aged:
            for title in (title for title in titles.values() if _own(title) in table.timed):
                age(conn, title)
            with looking(conn):
                now = prints(conn, None, now)
        for who in WRITERS:
            claims = json.dumps({"sub": CAST[who].id, "role": CAST[who].role}) if who else ""
            conn.execute("select pg_catalog.set_config('request.jwt.claims', %s, true)", [claims])
            ways = ["", *[name for name, is_key in columns if not is_key][:COLUMNS]]
            for name, some in [*((name, ROWS) for name in ways), *((name, MANY) for name in ways[:3])]:
                if time.monotonic() > until:
                    raise TooLongError
                _act(conn, table, columns, name, some, now, titles, came["update" if name else "insert"])
    finally:
        if not conn.closed:
            conn.execute("rollback", prepare=False)
    return came


def _switch_off(conn: Connection, table: Fired) -> None:
    """Undo what is new; on a table of the platform's nobody of the project may, and all of it counts."""
    try:
        with conn.transaction():
            for statement in table.off:
                conn.execute(statement.encode(), prepare=False)
    except psycopg.Error:
        if conn.closed:
            raise


def _own(title: str) -> str:
    return title.rpartition(".")[2].strip('"').replace('""', '"')


_MOMENTS = """
select a.attname::pg_catalog.text from pg_catalog.pg_attribute a
where a.attrelid = pg_catalog.to_regclass(%s) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
and pg_catalog.format_type(a.atttypid, null) = any (array[
    'date', 'timestamp without time zone', 'timestamp with time zone'])
"""


def age(conn: Connection, title: str) -> None:
    """Let every second row be of long ago, as far as the table's own constraints take it; no trigger sees it."""
    names = [name for (name,) in conn.execute(_MOMENTS, [title])]
    if names and not _aged(conn, title, names):
        for name in names:
            _aged(conn, title, [name])


def _aged(conn: Connection, title: str, names: Sequence[str]) -> bool:
    old = sql.SQL("{0} = coalesce({0}, pg_catalog.now()) - interval '40 years'")
    parts = sql.SQL(", ").join(old.format(sql.Identifier(name)) for name in names)
    try:
        with conn.transaction():
            conn.execute(_PLAIN, prepare=False)
            conn.execute("set local session_replication_role = replica", prepare=False)
            old_rows = sql.SQL(_EVERY_SECOND).format(sql.SQL(title))
            for other, theirs, column in conn.execute(_HOLDING_BACK, [title]).fetchall():
                part = sql.SQL("delete from {} where {} in (select {} from {} where ctid in ({}))")
                names_in = (sql.SQL(other), sql.Identifier(theirs), sql.Identifier(column), sql.SQL(title))
                conn.execute(part.format(*names_in, old_rows), prepare=False)
            conn.execute(sql.SQL("update {} set {} where ctid in ({})").format(sql.SQL(title), parts, old_rows))
            conn.execute("set local session_replication_role = origin", prepare=False)
    except psycopg.Error:
        if conn.closed:
            raise
        return False
    return True


_EVERY_SECOND = "select x.place from (select ctid as place, row_number() over () as n from {}) as x where x.n % 2 = 0"
# Whose rows keep others from being deleted: https://www.postgresql.org/docs/current/catalog-pg-constraint.html
_HOLDING_BACK = """
select f.conrelid::pg_catalog.regclass::pg_catalog.text, a.attname::pg_catalog.text, k.attname::pg_catalog.text
from pg_catalog.pg_constraint f
join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = f.conkey[1]
join pg_catalog.pg_attribute k on k.attrelid = f.confrelid and k.attnum = f.confkey[1]
where f.confrelid = pg_catalog.to_regclass(%s) and f.contype = 'f' and f.confdeltype in ('a', 'r')
and f.conrelid <> f.confrelid and f.conparentid = 0
"""


def _act(
    conn: Connection,
    table: Fired,
    columns: Sequence[tuple[str, bool]],
    column: str,
    some: int,
    now: Mapping[int, Print],
    titles: Mapping[int, str],
    came: _Came,
) -> None:
    """Change a column of ``some`` rows, or write them again; note what came of it. Who is refused loses nothing.

    Raises TooLongError when it was ended before anything came of it.
    """
    parts = {
        "table": sql.SQL(table.title),  # as the server quoted it
        "all": sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
        "one": sql.Identifier(column),
        "some": sql.Literal(some),
    }
    conn.execute("savepoint audit_acts", prepare=False)
    try:
        conn.execute(_PLAIN, prepare=False)
        meant = conn.execute(sql.SQL(_CHANGED if column else _CHOSEN).format(**parts), prepare=False).rowcount
        if not column:
            # Neither triggers nor foreign keys see the rows go.
            conn.execute("set local session_replication_role = replica", prepare=False)
            conn.execute(sql.SQL(_TAKEN).format(**parts), prepare=False)
            conn.execute("set local session_replication_role = origin", prepare=False)
        conn.execute(_USUAL, prepare=False)
        written = conn.execute(sql.SQL(_UPDATED if column else _INSERTED).format(**parts), prepare=False).rowcount
        conn.execute("set constraints all immediate", prepare=False)
        with looking(conn):
            after = prints(conn, None, now)
    except psycopg.errors.QueryCanceled as error:
        if conn.closed:
            raise
        raise TooLongError from error
    except psycopg.Error:
        if conn.closed:
            raise
    else:
        if meant:
            came.tried += 1
            came.idle += not written
            for loss in _lost(table, column, now, after, titles):
                came.lost.setdefault(loss.what, loss)
    finally:
        if not conn.closed:
            conn.execute("rollback to savepoint audit_acts; release savepoint audit_acts", prepare=False)


_CHOSEN = "create temporary table audit_rows on commit drop as select * from {table} limit {some}"
_TAKEN = "delete from {table} where ctid in (select ctid from {table} limit {some})"
_INSERTED = "insert into {table} ({all}) overriding system value select {all} from pg_temp.audit_rows"
# Each row with what another one holds.
_CHANGED = """
create temporary table audit_rows on commit drop as
select t.ctid as audit_place, o.{one} as audit_value
from (select ctid, {one} from {table} limit {some}) t
join lateral (
    select x.{one} from {table} x where x.{one} is not null and x.{one} is distinct from t.{one} limit 1
) o on true
"""
_UPDATED = """
update {table} as t set {one} = r.audit_value from pg_temp.audit_rows as r where t.ctid = r.audit_place
"""


def _lost(
    table: Fired, column: str, now: Mapping[int, Print], after: Mapping[int, Print], titles: Mapping[int, str]
) -> Iterator[Loss]:
    act = f"when {f'{column} of ' if column else 'a row of '}{table.title} is {'changed' if column else 'written'}"
    for oid, before in now.items():
        title = titles.get(oid)
        if title is None or after.get(oid) is before:
            continue
        if oid not in after:
            yield Loss(f"rows of {title}", "rows deleted later", title, f"{table.by} drops {title} {act}")
            continue
        effect = compare(before, after[oid], before.numbers.values())
        if effect.gone:
            told = f"{table.by} takes {effect.gone:,} rows of {title} away {act}"
            yield Loss(f"rows of {title}", "rows deleted later", title, told)
        for name in _overwritten(effect, column if oid == table.oid else ""):
            told = f"{table.by} overwrites what {title}.{name} holds {act}"
            yield Loss(f"values of {title}.{name}", "values overwritten later", title, told)


def _overwritten(effect: Effect, column: str) -> Iterator[str]:
    for name, became in effect.columns.items():
        equal = became.kinds - became.left >= KINDS and became.left <= 1
        if name != column and not TOUCHED.fullmatch(name) and (became.emptied > 1 or equal):
            yield name

"""What new triggers and rules of tables that hold rows do when somebody writes: acted out on made-up rows, and undone.

Some rows are written once more as they are, and under keys that nobody has; and they are changed column by column to
what other rows hold, the columns first that what fires speaks of. Where it speaks of time, all of it is done once more
after every second row became old. What may not come of it: that nothing is written, that rows are gone, or that values
which nobody wrote are emptied or made equal. Deletions are not acted out: what a trigger takes along with a row, or
keeps of it, is what such triggers are for.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from audit.gate.contents import compare, prints
from audit.gate.looking import looking
from audit.gate.reading import code
from audit.gate.results import TOUCHED, Change, Effect, Entry, Loss, Print, Step
from audit.people import CAST
from audit.question import Connection
from audit.sql_text import LONGEST, STRING, Token, tokens

# So many rows are written, and so many columns changed at most; each by nobody in particular, and by a member.
ROWS = 5
COLUMNS = 12
# What fires may wait for a value that few rows have, or that rows of another table have: so many are tried at once.
MANY = 500
WRITERS = (None, "alice")
# So many of the literals in what fires are written at most, into so many of the texts that it speaks of.
SAID, SAID_OF, LONGEST_SAID = 6, 3, 60
# So many rows that are written for each one are a flood.
A_FLOOD, FLOOD = 1000, "flood"
# So many different values of a column that become the same are a loss.
KINDS = 3

# Each column, whether it is in the primary key, and what it holds in a row that is like another one, and is not it:
# something else where a unique index looks at the column. https://www.postgresql.org/docs/current/catalog-pg-index.html
_COLUMNS = """
select a.attname::pg_catalog.text,
       exists (select from pg_catalog.pg_index i
               where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey)),
       case when not u.there then pg_catalog.quote_ident(a.attname)
            when y.typname = 'uuid' then 'pg_catalog.gen_random_uuid()'
            when y.typname = any (array['int2', 'int4', 'int8', 'numeric']) then pg_catalog.format(
                '(-1 - pg_catalog.row_number() over ())::pg_catalog.%%I', y.typname)
            when y.typcategory = 'S' then pg_catalog.format(
                'pg_catalog.left(pg_catalog.md5(pg_catalog.random()::pg_catalog.text), 12) || %%I', a.attname)
            when a.attnotnull then pg_catalog.quote_ident(a.attname)
            else 'null' end,
       y.typcategory = 'S'
from pg_catalog.pg_attribute a
join pg_catalog.pg_type y on y.oid = a.atttypid
cross join lateral (
    select not exists (
        select from pg_catalog.pg_constraint f
        where f.conrelid = a.attrelid and f.contype = 'f' and a.attnum = any (f.conkey)
    ) and exists (
        select from pg_catalog.pg_index i
        where i.indrelid = a.attrelid and i.indisunique and (a.attnum = any (i.indkey) or exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = i.indexrelid
            and d.refclassid = d.classid and d.refobjid = a.attrelid and d.refobjsubid = a.attnum))
    )
) as u (there)
where a.attrelid = %s and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
order by a.attnum
"""
_PLAIN = "set local session authorization default; set local role none; set local search_path = pg_catalog, pg_temp"
_USUAL = 'set local search_path = "$user", public, extensions'


@dataclass(frozen=True)
class Fired:
    """A table on which something fires that a statement made or changed: that statement's step, and what fires.

    ``off`` are the statements that make it as it was, each with what does instead where it is not allowed: a function
    has its old body, and a trigger is switched off, or, on a table of the platform's, its function does nothing.
    ``names`` are those in what fires, and ``said`` are literals in it; ``timed``: it speaks of time, and ``new``:
    nothing of it fired before.
    """

    step: Step
    oid: int
    title: str
    by: str
    off: tuple[tuple[str, ...], ...]
    names: frozenset[str] = frozenset()
    said: tuple[str, ...] = ()
    timed: bool = False
    new: bool = False


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
                (before,)
                if before
                else (
                    f"alter table {known[oid]} disable {each.kind} {each.title.rpartition(' of ')[0]}",
                    *_emptied(entries.get(f"f{each.facts.get('_function')}")),
                )
                for _, each, before in firing
            )
            texts = [text for _, each, _ in firing for text in _texts(each, entries)]
            words = [token for text in texts for token in code(text)]
            names = frozenset(token.name for token in words if token.name)
            literals = (_said(token) for text in texts if len(text) <= LONGEST for token in tokens(text))
            said = tuple(dict.fromkeys(filter(None, literals)))[:SAID]
            timed = any(map(of_time, words))
            by, was = f"{entry.kind} {entry.title}", tuple(dict.fromkeys(off))
            new = not any(before for _, _, before in firing)
            yield Fired(step, oid, known[oid], by, was, names, said, timed, new)


def _said(token: Token) -> str:
    """Return a literal that code may compare a value with, a pattern without its signs; "" where it is none."""
    return token.value.strip("%^$*.") if token.kind is STRING and len(token.value) <= LONGEST_SAID else ""


def _emptied(function: Entry | None) -> Iterator[str]:
    if function is not None:
        body = "begin return case tg_op when 'DELETE' then old else new end; end"
        yield f"create or replace function {function.title} returns trigger language plpgsql as $_${body}$_$"


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


def _texts(firing: Entry, entries: Mapping[str, Entry]) -> list[str]:
    """Return the code of what fires, and of what it calls: its own first, as of literals only some are written."""
    texts = [str(firing.facts["_definition"])]
    if (function := entries.get(f"f{firing.facts.get('_function')}")) is not None:
        bodies = bodies_of(entries)
        own = function.facts["_name"]
        names = sorted(called(function, bodies), key=lambda name: (name != own, name))
        texts += [text for name in names for text in bodies.get(name, ())]
    return texts


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


@dataclass(frozen=True)
class _Column:
    """A column; ``new`` is what it holds in a row that is like another one and is not it, as an expression."""

    name: str
    is_key: bool
    new: str
    is_text: bool


@dataclass(frozen=True)
class _Act:
    """How some rows are written: changed in this column, or else once more; ``new``: under keys that nobody has.

    ``said`` is what the column is given, instead of what other rows hold.
    """

    column: str
    new: bool
    some: int
    who: str | None
    said: str = ""

    @property
    def kind(self) -> str:
        """What is done."""
        return "update" if self.column and not self.new else "insert"


@dataclass
class _Came:
    """What came of an act: how many rows were written, and what was lost."""

    wrote: int
    lost: dict[str, Loss]


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
    columns = [_Column(*row) for row in conn.execute(_COLUMNS, [table.oid])]
    told: set[str] = set()
    for aged in (False, True) if table.timed else (False,):
        acts = _acts(table, columns)
        came = _came(conn, table, columns, acts, now, titles, until, aged=aged)
        for loss in _newly(conn, table, columns, came, now, titles, aged=aged):
            if loss.what not in told:
                told.add(loss.what)
                yield loss
        if time.monotonic() > until:
            raise TooLongError


def _acts(table: Fired, columns: Sequence[_Column]) -> list[_Act]:
    """Return what is tried, what shows most in least time first."""
    changed = sorted((each for each in columns if not each.is_key), key=lambda each: each.name not in table.names)
    ways = [("", True), ("", False), *((each.name, False) for each in changed[:COLUMNS])]
    texts = [each.name for each in changed if each.is_text and each.name in table.names][:SAID_OF]
    return [
        *(_Act(*way, ROWS, who) for who in WRITERS for way in ways),
        *(_Act(name, new, ROWS, None, said) for name in texts for said in table.said for new in (False, True)),
        *(_Act(*way, MANY, who) for who in WRITERS for way in ways[:4]),
    ]


def _newly(
    conn: Connection,
    table: Fired,
    columns: Sequence[_Column],
    came: Mapping[_Act, _Came],
    now: Mapping[int, Print],
    titles: Mapping[int, str],
    *,
    aged: bool,
) -> Iterator[Loss]:
    """Yield what came of acts that does not come of them without what is new."""
    idle = {
        kind for kind in ("insert", "update") if not any(each.wrote for act, each in came.items() if act.kind == kind)
    }
    # A rule says of which rows nothing comes; a trigger that leaves some out may have been asked to.
    rules = table.by.startswith("rule ")
    again = [act for act, each in came.items() if each.lost or act.kind in idle or rules]
    if not again:
        return
    without = _came(conn, table, columns, again, now, titles, math.inf, aged=aged, off=True)
    fewer = {act.kind for act, each in without.items() if rules and each.wrote > came[act].wrote} - idle
    for kind in sorted(fewer):
        told = f"{table.by} lets some {kind}s of {table.title} come to nothing"
        yield Loss(f"rows of {table.title}", "rows swallowed", table.title, told)
    for kind in sorted(idle):
        if any(each.wrote for act, each in without.items() if act.kind == kind):
            told = f"{table.by} lets no {kind} of {table.title} come to anything"
            yield Loss(f"rows of {table.title}", "rows swallowed", table.title, told)
    anyway = {(act.kind, what) for act, each in without.items() for what in each.lost}
    for act, each in came.items():
        yield from (loss for what, loss in each.lost.items() if act.kind not in idle and (act.kind, what) not in anyway)


def _came(
    conn: Connection,
    table: Fired,
    columns: Sequence[_Column],
    acts: Sequence[_Act],
    now: Mapping[int, Print],
    titles: Mapping[int, str],
    until: float,
    *,
    aged: bool,
    off: bool = False,
) -> dict[_Act, _Came]:
    """Act as long as there is time, and return what came of each that was not refused; ``off``: without what is new."""
    came: dict[_Act, _Came] = {}
    conn.execute("begin", prepare=False)
    try:
        if off:
            switch_off(conn, table)
        if aged:
            for title in (title for title in titles.values() if _own(title) in table.names):
                age(conn, title)
            with looking(conn):
                now = prints(conn, None, now)
        for act in acts:
            # Where each row makes very many, a few have shown it.
            floods = any(FLOOD in each.lost for each in came.values())
            if (
                time.monotonic() <= until
                and not (floods and act.some == MANY)
                and (result := _act(conn, table, columns, act, now, titles))
            ):
                came[act] = result
    finally:
        if not conn.closed:
            conn.execute("rollback", prepare=False)
    return came


def switch_off(conn: Connection, table: Fired) -> None:
    """Undo what is new. What nobody of the project may undo stays, and what comes of it is not told."""
    for ways in table.off:
        for statement in ways:
            try:
                with conn.transaction():
                    conn.execute(statement.encode(), prepare=False)
                break
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
    columns: Sequence[_Column],
    act: _Act,
    now: Mapping[int, Print],
    titles: Mapping[int, str],
) -> _Came | None:
    """Write some rows, and tell what came of it: None where there was none to write, or it was refused or ended."""
    parts = {
        "table": sql.SQL(table.title),  # as the server quoted it
        "all": sql.SQL(", ").join(sql.Identifier(each.name) for each in columns),
        "chosen": sql.SQL(", ").join(_given(each, act) if act.new else _kept(each) for each in columns),
        "one": sql.Identifier(act.column),
        "some": sql.Literal(act.some),
        "said": sql.Literal(act.said),
    }
    claims = json.dumps({"sub": CAST[act.who].id, "role": CAST[act.who].role}) if act.who else ""
    conn.execute("savepoint audit_acts", prepare=False)
    try:
        conn.execute("select pg_catalog.set_config('request.jwt.claims', %s, true)", [claims])
        conn.execute(_PLAIN, prepare=False)
        changed = _SAID if act.said else _CHANGED
        choose = _CHOSEN if act.kind == "insert" else changed
        meant = conn.execute(sql.SQL(choose).format(**parts), prepare=False).rowcount
        if act.kind == "insert" and not act.new:
            # Neither triggers nor foreign keys see the rows go.
            conn.execute("set local session_replication_role = replica", prepare=False)
            conn.execute(sql.SQL(_TAKEN).format(**parts), prepare=False)
            conn.execute("set local session_replication_role = origin", prepare=False)
        conn.execute(_USUAL, prepare=False)
        write = sql.SQL(_INSERTED if act.kind == "insert" else _UPDATED).format(**parts)
        written = conn.execute(write, prepare=False).rowcount
        conn.execute("set constraints all immediate", prepare=False)
        with looking(conn):
            after = prints(conn, None, now)
    except psycopg.Error:
        if conn.closed:
            raise
        return None
    finally:
        if not conn.closed:
            conn.execute("rollback to savepoint audit_acts; release savepoint audit_acts", prepare=False)
    found = {loss.what: loss for loss in _lost(table, act.column, now, after, titles)}
    more = sum(figures.rows - (now[oid].rows if oid in now else 0) for oid, figures in after.items())
    if written and more >= written * A_FLOOD:
        told = f"{table.by} writes {more // written:,} rows for each row of {table.title} that is written"
        found[FLOOD] = Loss(f"rows by {table.by}", FLOOD, table.title, told)
    return _Came(written, found) if meant else None


def _kept(column: _Column) -> sql.Composable:
    return sql.Identifier(column.name)


def _given(column: _Column, act: _Act) -> sql.Composable:
    value = sql.Literal(act.said) if act.said and act.column == column.name else sql.SQL(column.new)
    return sql.SQL("{} as {}").format(value, sql.Identifier(column.name))


_CHOSEN = "create temporary table audit_rows on commit drop as select {chosen} from {table} limit {some}"
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
# Each row with a word that what fires may wait for.
_SAID = """
create temporary table audit_rows on commit drop as
select ctid as audit_place, {said}::pg_catalog.text as audit_value from {table} limit {some}
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

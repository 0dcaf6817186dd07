"""What triggers kept members from writing, and no longer do: acted out with what was there before, and without it.

A trigger that refuses or corrects what people write is a rule of access that no policy shows. Where one is dropped,
disabled or narrowed, or what it calls is replaced, people write to its table as they could from now on, and once more
after it was put back: what comes through only without it is told. All of it is undone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from audit.actors import claims_of
from audit.gate.contents import plain
from audit.gate.firing import CLOCK, bodies_of, called, does_otherwise
from audit.gate.looking import looking
from audit.gate.reading import code
from audit.gate.results import TOUCHED, Change, Entry, Reach, Step
from audit.people import CAST
from audit.question import Connection
from audit.sql_text import Token

Entries = Mapping[str, Entry]

WRITERS = ("alice", "anon")
# So many values are tried in each column.
VALUES = 4

# What says that a rule refuses, and not that something fails, or that it was made up badly:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_FAILS = re.compile(r"22|42(?!501)|53|54|55|57|58|XX|0A")


# What writes a text in another way: https://www.postgresql.org/docs/current/functions-string.html
_WRITING = frozenset({
    "lower", "upper", "initcap", "trim", "btrim", "ltrim", "rtrim", "replace", "regexp_replace", "translate",
    "normalize", "unaccent", "left", "nullif",
})  # fmt: skip


# What stands before a statement of PL/pgSQL, and not before a comparison.
_BEFORE = (";", "begin", "then", "else", "loop")


@dataclass(frozen=True)
class Guard:
    """Something that guarded a table and is not what it was: the step that changed it, and what makes it as it was."""

    step: Step
    oid: int
    table: str
    by: str
    commands: frozenset[str]
    back: tuple[str, ...]
    derived: frozenset[str] = frozenset()


def changed_guards(steps: Sequence[Step], origin: Entries, now: Entries, reach: Mapping[str, Reach]) -> list[Guard]:
    """Return the guards that are not what they were, of tables that the API serves and that nobody has declared."""
    cells = (cell.removesuffix(" (blind)") for cell, told in reach.items() if told.verdict == "UNDECLARED")
    undeclared = {cell.rpartition(" ")[2] for cell in cells}
    bodies = bodies_of(origin)
    changes = [
        (step, change)
        for step in steps
        if not step.undone
        for change in step.catalogue
        if change.known and change.kind in ("trigger", "function") and _less(change, now)
    ]
    found = []
    for key, trigger in origin.items():
        table = now.get(f"r{trigger.facts['_of']}") if trigger.kind == "trigger" else None
        if table is None or table.title not in undeclared or trigger.facts["enabled"] == "D":
            continue
        function = origin.get(f"f{trigger.facts['_function']}")
        if function is None:  # an extension's or the server's own: it keeps what it is made for
            continue
        calls = called(function, bodies)
        touching = [
            (step, change)
            for step, change in changes
            if change.key == key
            or (change.kind == "function" and change.before and change.before.facts["_name"] in calls)
        ]
        if touching:
            found.append(_guard(key, trigger, table.title, function, touching))
    return found


def _less(change: Change, now: Entries) -> bool:
    """Tell whether something is gone in the end, or does something else than before."""
    if change.key not in now:
        return True
    return change.what == "changed" and change.before != now[change.key] and does_otherwise(change)


def _guard(key: str, trigger: Entry, table: str, function: Entry, touching: Sequence[tuple[Step, Change]]) -> Guard:
    name = trigger.title.rpartition(" of ")[0]
    definition = str(trigger.facts["_definition"])
    functions = [str(c.before.facts["_definition"]) for _, c in touching if c.kind == "function" and c.before]
    again = [f"drop trigger if exists {name} on {table}", definition] if any(c.key == key for _, c in touching) else []
    body = function.facts.get("_body")
    return Guard(
        touching[-1][0],
        int(trigger.facts["_of"]),
        table,
        f"trigger {trigger.title}",
        frozenset(_commands(definition)),
        (*dict.fromkeys(functions), *again),
        frozenset(_derived(list(code(body or "")))),
    )


def _commands(definition: str) -> Iterator[str]:
    """Yield the commands on which a trigger fires: https://www.postgresql.org/docs/current/sql-createtrigger.html."""
    said = definition.partition(" ON ")[0].split()
    yield from (command for command in ("insert", "update", "delete") if command.upper() in said)


def _derived(found: Sequence[Token]) -> Iterator[str]:
    """Yield the columns that a trigger makes of other columns, or of the time: they keep nobody from anything."""
    for at, token in enumerate(found[:-3]):
        if token.name != "new" or found[at + 1].text != "." or (at and found[at - 1].sign not in _BEFORE):
            continue
        column = found[at + 2].name
        if found[at + 3].text not in (":=", "=", ":"):
            continue
        end = next((n for n in range(at + 3, len(found)) if found[n].text == ";"), len(found))
        said = found[at + 3 : end]
        made_of = {
            said[n + 2].name for n, each in enumerate(said[:-2]) if each.name == "new" and said[n + 1].text == "."
        }
        names = {each.name for each in said}
        # What is looked up elsewhere, such as a price, is for the server to say.
        others = made_of - {column} and "select" not in names
        if others or names & CLOCK or (column in made_of and names & _WRITING):
            yield column


# --- Acting

# What came through, or failed: who, the command, the column ("": the row as a whole), and the value.
Through = tuple[str, str, str, bytes | None]

COLUMNS = """
select a.attname::pg_catalog.text, pg_catalog.format_type(a.atttypid, a.atttypmod),
       pg_catalog.has_column_privilege(%(role)s, a.attrelid, a.attnum, 'insert') and a.attidentity <> 'a',
       pg_catalog.has_column_privilege(%(role)s, a.attrelid, a.attnum, 'update') and a.attidentity <> 'a'
from pg_catalog.pg_attribute a
where a.attrelid = %(table)s and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
order by a.attnum
"""

_LABELS = """
select e.enumlabel::pg_catalog.text from pg_catalog.pg_enum e
where e.enumtypid = pg_catalog.to_regtype(%s) order by e.enumsortorder
"""


def unguarded(conn: Connection, guard: Guard) -> list[tuple[str, str]]:
    """Return what comes through now, and did not while the guard was as it was: who, and what they write.

    The connection is the stand-in's, in no transaction. Raises psycopg.Error where it cannot be told.
    """
    now, _ = _come_through(conn, guard, ())
    if not now:
        return []
    before, failed = _come_through(conn, guard, guard.back)
    new = now - before - failed
    whole = {(who, command) for who, command, column, _ in new if not column}
    told = {each[:3] for each in new if not each[2] or each[:2] not in whole}
    return [(who, f"{command}{f' column {column}' if column else ''}") for who, command, column in sorted(told)]


def _come_through(conn: Connection, guard: Guard, first: Sequence[str]) -> tuple[set[Through], set[Through]]:
    through, failed = set[Through](), set[Through]()
    conn.execute("begin", prepare=False)
    try:
        for statement in first:
            conn.execute(statement.encode(), prepare=False)
        for who in WRITERS:
            for act in _acts(conn, guard, who):
                sqlstate = attempt(conn, guard.table, who, act)
                told = (who, act.command, act.column, act.value)
                if sqlstate is None:
                    through.add(told)
                elif _FAILS.match(sqlstate):
                    failed.add(told)
    finally:
        if not conn.closed:
            conn.execute("rollback", prepare=False)
    return through, failed


@dataclass(frozen=True)
class Act:
    """One statement, and the value that is to be in a column afterwards. ``before`` is done first, by the audit."""

    command: str
    column: str
    statement: sql.Composed
    value: bytes | None = None
    before: sql.Composed | None = None


def _acts(conn: Connection, guard: Guard, who: str) -> Iterator[Act]:
    columns = conn.execute(COLUMNS, {"role": CAST[who].role, "table": guard.oid}).fetchall()
    types = {name: kind for name, kind, *_ in columns}
    table = sql.SQL(guard.table)  # as the server quoted it
    tried = [
        (name, value)
        for name in types
        if name not in guard.derived and not TOUCHED.fullmatch(name)
        for value in _values(conn, guard.table, name, types[name])
    ]
    if "delete" in guard.commands:
        yield Act("delete", "", sql.SQL("delete from {}").format(table))
    if "update" in guard.commands:
        changed = {name for name, _, _, update in columns if update}
        for name, value in tried:
            if name in changed:
                change = sql.SQL("update {} set {} = {}").format(
                    table, sql.Identifier(name), _literal(value, types[name])
                )
                yield Act("update", name, change, value)
    may = [name for name, _, insert, _ in columns if insert]
    if "insert" in guard.commands and may:
        yield from _inserts(guard.table, who, may, types, tried)


def _inserts(
    title: str, who: str, may: Sequence[str], types: Mapping[str, str], tried: Sequence[tuple[str, bytes]]
) -> Iterator[Act]:
    """Yield a row written anew in the place of one of the writer's own, as it was and with other values."""
    table, names = sql.SQL(title), sql.SQL(", ").join(map(sql.Identifier, may))
    place = sql.SQL(
        "select t.ctid from {} as t "
        "order by pg_catalog.strpos(pg_catalog.to_jsonb(t.*)::pg_catalog.text, {}) = 0 limit 1"
    ).format(table, sql.Literal(CAST[who].id or ""))
    taken = sql.SQL(
        "create temporary table audit_guarded on commit drop as select * from {table} where ctid = ({place}); "
        "grant select on pg_temp.audit_guarded to public; set local session_replication_role = replica; "
        "delete from {table} where ctid = ({place}); set local session_replication_role = origin"
    ).format(table=table, place=place)
    for name, value in [("", None), *((name, value) for name, value in tried if name in may)]:
        written = [
            _literal(value, types[each]) if each == name and value is not None else sql.Identifier(each) for each in may
        ]
        statement = sql.SQL("insert into {} ({}) select {} from pg_temp.audit_guarded").format(
            table, names, sql.SQL(", ").join(written)
        )
        yield Act("insert", name, statement, value, taken)


def _literal(value: bytes, kind: str) -> sql.Composable:
    return sql.SQL("{}::" + kind).format(sql.Literal(value.decode("utf-8", "replace")))


def _texts(conn: Connection, title: str, column: str) -> list[bytes]:
    """Return what a column holds, as the output functions of its type write it."""
    with conn.cursor() as cursor, looking(conn):
        asked = sql.SQL("select {0} from {1} where {0} is not null")
        cursor.execute(asked.format(sql.Identifier(column), sql.SQL(title)))
        result = cursor.pgresult
        return [result.get_value(n, 0) or b"" for n in range(result.ntuples)] if result else []


def _values(conn: Connection, title: str, column: str, kind: str) -> list[bytes]:
    """Return values to try in a column: those that most rows have, and those that fewest have."""
    if kind == "boolean":
        return [b"t", b"f"]
    labels = [label.encode() for (label,) in conn.execute(_LABELS, [kind])]
    found = [value for value, _ in Counter(_texts(conn, title, column)).most_common()]
    return list(dict.fromkeys([*found[: VALUES // 2], *found[-(VALUES // 2) :], *labels[:VALUES]]))


def attempt(conn: Connection, title: str, who: str, act: Act) -> str | None:
    """Let somebody act; return None where it came through, the state of an error, or "" where nothing came of it."""
    conn.execute("savepoint audit_guard", prepare=False)
    try:
        if act.before is not None:
            conn.execute(act.before, prepare=False)
        before = _count(conn, title, act)
        conn.execute(f"select {claims_of(CAST[who])}", prepare=False)
        conn.execute('set local search_path = "$user", public, extensions', prepare=False)
        conn.execute(sql.SQL("set local role {}").format(sql.Identifier(CAST[who].role)), prepare=False)
        written = conn.execute(act.statement, prepare=False).rowcount
        conn.execute("set constraints all immediate", prepare=False)
        conn.execute("set local role none", prepare=False)
        return None if written and (act.value is None or _count(conn, title, act) > before) else ""
    except psycopg.Error as error:
        if conn.closed:
            raise
        return error.sqlstate or ""
    finally:
        if not conn.closed:
            conn.execute("rollback to savepoint audit_guard; release savepoint audit_guard", prepare=False)


def _count(conn: Connection, title: str, act: Act) -> int:
    """Return how many rows say what is to be written, whatever the case and the spaces."""
    if act.value is None:
        return 0
    wanted = plain(act.value)
    return sum(plain(text) == wanted for text in _texts(conn, title, act.column))

"""What stays of people who leave: their user is deleted, and what was theirs alone is looked for afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from audit.actors import Actor
from audit.evidence import Evidence, Population, Row, safe
from audit.names import TRAILS, telling_columns
from audit.people import CAST
from audit.probes.attempt import acting, ask, words_of
from audit.probes.calling import remembered
from audit.question import Cursor, define

TEXTS_STAY = "their own texts stay"

# As many foreign keys that refuse a deletion are looked for.
MOST_KEYS = 40

LEAVING = ("alice", "bob", "admin")

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")

_KEY = """
select pg_catalog.pg_get_constraintdef(k.oid), exists (
           select from pg_catalog.pg_attribute a
           where a.attrelid = k.conrelid and a.attnum = any (k.conkey) and a.attnotnull),
       pg_catalog.format('%%I on %%s', k.conname, k.conrelid::pg_catalog.regclass)
from pg_catalog.pg_constraint k
where k.contype = 'f' and k.conrelid = pg_catalog.to_regclass(%s) and k.conname = %s
"""

# Which of some tables leads to which other by a foreign key that takes its rows along, or empties the reference.
_FOLLOWS = """
select k.conrelid::pg_catalog.regclass::text, k.confrelid::pg_catalog.regclass::text
from pg_catalog.pg_constraint k
where k.contype = 'f' and k.confdeltype in ('c', 'n', 'd') and k.conrelid <> k.confrelid
and k.conrelid::pg_catalog.regclass::text = any (%(tables)s)
and k.confrelid::pg_catalog.regclass::text = any (%(tables)s)
"""

_COLUMN = """
select pg_catalog.format('%%s.%%I', %(relation)s::text, %(column)s::text),
    exists (select from pg_catalog.pg_attribute a where a.attrelid = pg_catalog.to_regclass(%(relation)s)
            and a.attname = %(column)s and a.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype)
"""


_LEAVE = """
select x.* from pg_temp.leave(%s, %s, %s, %s) as x where exists (select from auth.users u where u.id::text = %s)
"""


class Left(NamedTuple):
    """What stayed of somebody, and where: a "text", or their "id"; or "refused", by what, that they leave at all."""

    relation: str | None
    attribute: str
    kind: str
    code: str
    message: str
    constraint: str | None


def remains(service: Actor) -> Evidence:
    """Return what stops the deletion of users, and the columns in which something of a deleted person stays.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = service.stage
    found: dict[str, Row] = {}
    with remembered(stage) as cursor:
        define(cursor, SETUP)
        cursor.execute("select pg_temp.gather(%s)", [[CAST[name].id for name in LEAVING]])
        personal = {who for (who,) in cursor.execute("select distinct who from pg_temp.personal").fetchall()}
        tried = 0
        for name in LEAVING:
            person = CAST[name]
            given = [person.id, service.people[0].role, TRAILS, telling_columns(service.stage.known), person.id]
            with acting(stage) as inner:
                answers = _in_turn(inner, given)
            tried += person.id in personal
            for left in answers:
                row = _refused(cursor, left) if left.kind == "refused" else _left(cursor, left)
                found.setdefault(row.object, row)
        rows = _by_table(found.values())
        tables = [str(row.details["table"]) for row in rows if row.details.get("table")]
        keys = cursor.execute(_FOLLOWS, {"tables": tables}).fetchall()
    return Evidence(
        _without_followers(rows, keys),
        about=f"{service.people[0].name}: delete from auth.users",
        log=stage.log,
        population=Population(tried, "users who have something personal to leave"),
        unjudgeable=stage.gap(),
        question="delete from auth.users where id = $1",
    )


def _in_turn(cursor: Cursor, given: Sequence[object]) -> list[Left]:
    """Return what stays, or all foreign keys that refuse the deletion: without one, the next one shows."""
    answers = ask(cursor, Left, _LEAVE, given)
    refused: list[Left] = []
    while answers and answers[0].kind == "refused":
        refused.append(answers[0])
        if len(refused) == MOST_KEYS or not _without(cursor, answers[0]):
            break
        answers = ask(cursor, Left, _LEAVE, given)
    return refused or answers


def _without(cursor: Cursor, left: Left) -> bool:
    """Take away the foreign key that refused, for as long as this act lasts; tell whether that could be done."""
    relation, constraint = left.relation, left.constraint
    if not relation or not constraint or cursor.execute(_KEY, [relation, constraint]).fetchone() is None:
        return False
    away = "alter table {} drop constraint {}"
    try:
        cursor.execute(sql.SQL(away).format(sql.SQL(relation), sql.Identifier(constraint)))
    except psycopg.Error:  # a partition's, which its whole has given it
        if cursor.connection.broken:
            raise
        return False
    return True


def _by_table(rows: Iterable[Row]) -> list[Row]:
    """Put the columns of a table together in which something stays: that it stays is one cause."""
    left: dict[str, list[Row]] = {}
    for row in rows:
        left.setdefault(str(row.details.get("table") or row.object), []).append(row)
    found = []
    for each in left.values():
        first, *others = sorted(each, key=lambda row: (row.details["problem"] == TEXTS_STAY, row.object))
        also = ", ".join(row.object for row in others)
        fixes = "\n".join(dict.fromkeys(row.fix or "" for row in (first, *others)))
        found.append(replace(first, details={**first.details, "also": also}, fix=fixes) if also else first)
    return found


def _without_followers(rows: list[Row], keys: Iterable[tuple[str, str]]) -> list[Row]:
    """Put tables whose rows would go with those of another to that one, whose own rows stay: it is what keeps them.

    ``keys`` are pairs of tables: (one whose rows go, one that they go with).
    """
    kept = [row for row in rows if row.details.get("table") and row.details["problem"] != TEXTS_STAY]
    by_table = {str(row.details["table"]): row for row in kept}
    parents = {child: parent for child, parent in sorted(keys) if {child, parent} <= by_table.keys()}

    def root(table: str, seen: frozenset[str] = frozenset()) -> str:
        return root(parents[table], seen | {table}) if table in parents and table not in seen else table

    also: dict[str, list[str]] = {}
    for table in by_table:
        if (first := root(table)) != table and root(first) == first:
            also.setdefault(first, []).append(by_table[table].object)
    gone = {name for names in also.values() for name in names}
    return [
        replace(row, details={**row.details, "with it": ", ".join(sorted(names))}) if names else row
        for row in rows
        if row.object not in gone
        for names in [also.get(str(row.details.get("table", "")), [])]
    ]


# Where the key itself lets its rows go, something writes one anew meanwhile.
_WRITTEN_LATE = (
    "{title} lets its rows go with the user. While the user is deleted a row is written, or changed, that refers to",
    "what is gone already: by a trigger, or because several keys of the row let go one after the other. Let the",
    "trigger's function look whether the user is still there, or let the row go as a whole (on delete cascade).",
)


def _refused(cursor: Cursor, left: Left) -> Row:
    """Return the finding that a user could not be deleted: the foreign key that is in the way, or the error."""
    relation, constraint, code = left.relation, left.constraint, left.code
    key = cursor.execute(_KEY, [relation, constraint]).fetchone() if relation and constraint else None
    if key is None:
        error = words_of(code, left.message)
        fix = f"-- The deletion of a user fails: {error}. Mend the trigger or function that it fails in."
        return Row("auth.users", {"problem": "a user cannot be deleted", "error": error}, {}, fix)
    definition, required, title = key
    if re.search(r" ON DELETE (CASCADE|SET NULL|SET DEFAULT)", definition):
        fix = _comment(line.format(title=title) for line in _WRITTEN_LATE)
        return Row(safe(title), {"problem": "a user cannot be deleted", "error": code}, {}, fix)
    bare = re.sub(r" ON DELETE (NO ACTION|RESTRICT|CASCADE|SET NULL|SET DEFAULT)( \([^)]*\))?", "", definition)
    kept, late = re.fullmatch(r"(.*?)((?: (?:NOT )?DEFERRABLE.*)?(?: NOT VALID)?)", bare, re.DOTALL).groups()  # type: ignore[union-attr]
    name = sql.Identifier(constraint or "").as_string(None)
    action = "cascade" if required else "set null"
    advice = [
        f"{title} keeps a user from being deleted. Decide whether the rows are to go as well (on delete cascade)",
        "or to stay without it (on delete set null), which a trigger, a check or NOT NULL may refuse. Then, such as:",
        f"alter table {relation} drop constraint {name};",
        f"alter table {relation} add constraint {name} {kept} on delete {action}{late};",
    ]
    return Row(safe(title), {"problem": "a user cannot be deleted", "error": code}, {}, _comment(advice))


def _comment(advice: Iterable[str]) -> str:
    return "\n".join(f"-- {safe(line)}" for line in advice)


def _left(cursor: Cursor, left: Left) -> Row:
    """Return the finding that something of a deleted person stayed in a column."""
    relation, kind = left.relation or "", left.kind
    given = {"relation": relation, "column": left.attribute}
    title, is_id = cursor.execute(_COLUMN, given).fetchone() or ("?", False)
    fix = f"-- {safe(title)}: delete or blank it together with the user, or do not copy it there at all."
    if kind != "text" and is_id:
        fix = (
            f"-- {safe(title)}: decide whether the row is to go with the user. If it holds their id from auth.users,\n"
            "-- and not another one's, a foreign key does that (on delete cascade); rows of users who are gone first."
        )
    problem = TEXTS_STAY if kind == "text" else "their id stays beside a text about them"
    return Row(safe(title), {"problem": problem, "table": safe(relation)}, {}, fix)

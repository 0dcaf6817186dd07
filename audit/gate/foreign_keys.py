"""Made-up values that new foreign keys ask for.

A column without a foreign key was filled with anything of its type. Where a new file makes it one, what the real rows
hold is not known; that they hold what is not there is the least likely, and so they are given values that are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from audit.evidence import safe
from audit.layouts import to_apply
from audit.migrations import decoded
from audit.question import Connection
from audit.sql_text import Token, Unreadable, statements, tokens

_COLUMNS = """
select pg_catalog.format('%%I.%%I', n.nspname, c.relname),
       pg_catalog.array_agg(a.attname::pg_catalog.text)
           filter (where i.indisprimary and a.attnum = any (i.indkey)),
       pg_catalog.array_agg(a.attname::pg_catalog.text)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
where c.relkind in ('r', 'p') and c.relname = %(table)s
and n.nspname = any (%(schemas)s::pg_catalog.text[])
group by n.nspname, c.relname
order by pg_catalog.array_position(%(schemas)s::pg_catalog.text[], n.nspname::pg_catalog.text)
limit 1
"""

# Each row that leads nowhere gets the next of the rows that it could lead to.
_LEAD = """
with targets as (
    select {to}, pg_catalog.row_number() over () as number, pg_catalog.count(*) over () as all_of_them
    from {parent} where ({to}) is not null
),
astray as (
    select c.ctid as place, pg_catalog.row_number() over () as number from {child} c
    where ({own}) is not null and not exists (select from {parent} p where ({p_to}) = ({own}))
)
update {child} c set ({columns}) = (
    select {t_to} from targets t where t.number = 1 + (a.number - 1) % t.all_of_them
)
from astray a where c.ctid = a.place and exists (select from targets)
"""


@dataclass(frozen=True)
class Key:
    """A foreign key that a file adds to a table: names as they are written, in their parts."""

    child: tuple[str, ...]
    columns: tuple[str, ...]
    parent: tuple[str, ...]
    to: tuple[str, ...]


def fitted(conn: Connection, files: Sequence[Path]) -> dict[Path, list[str]]:
    """Give columns that become foreign keys values that are there, and say so, by file. Raises psycopg.Error."""
    told: dict[Path, list[str]] = {}
    for path in files:
        for key in _keys(path):
            changed = _lead(conn, key)
            if changed:
                where = safe(".".join((*key.child, ", ".join(key.columns))))
                remark = f"{changed:,} made-up values of {where} were replaced by keys of {safe('.'.join(key.parent))}"
                told.setdefault(path, []).append(f"{remark}: whether real ones are all there is not known")
    return told


def _keys(path: Path) -> Iterator[Key]:
    try:
        for statement in statements(to_apply(decoded(path.read_bytes()))):
            if statement.words[:2] == ("alter", "table"):
                yield from keys_in(list(tokens(statement.text)))
    except (OSError, UnicodeDecodeError, Unreadable):
        return  # it will not apply, and MIG-01 says why


def keys_in(found: Sequence[Token]) -> Iterator[Key]:
    """Return the foreign keys that an ALTER TABLE adds to columns that are there."""
    at = 2
    while at < len(found) and found[at].word in ("if", "exists", "only"):
        at += 1
    child, at = _name(found, at)
    while at < len(found):
        if found[at].word == "foreign" and at + 2 < len(found) and found[at + 1].word == "key":
            columns, after = _list(found, at + 2)
            if columns and after < len(found) and found[after].word == "references":
                parent, behind = _name(found, after + 1)
                to, at = _list(found, behind)
                yield Key(child, columns, parent, to)
        at += 1


def _name(found: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    parts = []
    while at < len(found) and found[at].name:
        parts.append(found[at].name)
        at += 1
        if at < len(found) and found[at].text == ".":
            at += 1
        else:
            break
    return tuple(parts), at


def _list(found: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    if at >= len(found) or found[at].text != "(":
        return (), at
    names = []
    while at < len(found) and found[at].text != ")":
        if found[at].name:
            names.append(found[at].name)
        at += 1
    return tuple(names), at + 1


def _lead(conn: Connection, key: Key) -> int:
    """Return how many rows were changed: none where the tables or columns are not there yet, or cannot be led."""
    child, parent = _found(conn, key.child), _found(conn, key.parent)
    if child is None or parent is None or not {*key.columns} <= {*child[2]}:
        return 0
    to = key.to or tuple(parent[1] or ())
    if len(to) != len(key.columns) or not {*to} <= {*parent[2]}:
        return 0

    def listed(names: Sequence[str], of: str = "") -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(*([of] if of else []), name) for name in names)

    statement = sql.SQL(_LEAD).format(
        child=sql.SQL(child[0]),
        parent=sql.SQL(parent[0]),
        columns=listed(key.columns),
        own=listed(key.columns, "c"),
        to=listed(to),
        p_to=listed(to, "p"),
        t_to=listed(to, "t"),
    )
    try:
        with conn.transaction():
            # Triggers of the project have no say in what is made up.
            conn.execute("set local search_path = pg_catalog, pg_temp; set local session_replication_role = replica")
            return conn.execute(statement).rowcount
    except psycopg.Error:
        if conn.closed:
            raise
        return 0  # of another type, or kept by a constraint: then the file itself says what does not fit


def _found(conn: Connection, name: tuple[str, ...]) -> tuple[Any, ...] | None:
    if not name:
        return None
    schemas = [name[-2]] if len(name) > 1 else ["public", "extensions"]
    return conn.execute(_COLUMNS, {"table": name[-1], "schemas": schemas}).fetchone()

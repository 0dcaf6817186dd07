"""What all that write rows need: reasons without values, triggers that keep quiet, keys that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from audit.seeding.tables import ForeignKey, Table
from audit.server_errors import Overdue


class UnfillableError(Exception):
    """A table cannot be filled; the message is the reason and names no values."""


class Place(NamedTuple):
    """Where a value is: table with schema, column, and the row's primary key as texts (empty: it has none)."""

    table: str
    column: str
    key: tuple[str, ...]


def reason(error: UnfillableError | psycopg.Error) -> str:
    """Name the condition, column and constraint, and nothing of the primary message, which may quote values."""
    if isinstance(error, UnfillableError | Overdue):
        return str(error)
    condition = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()
    # COPY tells the column of a value that it cannot read in the context only: "COPY t, line 1, column c: ..."
    place = re.search(r"^COPY .*?, line \d+, column ([^:]*)", error.diag.context or "", re.MULTILINE)
    parts = {
        "constraint": error.diag.constraint_name,
        "column": error.diag.column_name or (place and place[1]),
    }
    return ", ".join([condition, *(f"{kind} {name}" for kind, name in parts.items() if name)])


@contextmanager
def stubborn_triggers_off(conn: psycopg.Connection[Any], table: Table) -> Iterator[None]:
    """Switch off, for a while, the triggers that fire in the replica role too (ENABLE ALWAYS, ENABLE REPLICA)."""
    if not table.stubborn:
        yield
        return
    question = """
        select tgname, tgenabled::text from pg_catalog.pg_trigger
        where tgrelid = %s::oid and tgenabled in ('A', 'R') and not tgisinternal
    """
    triggers = conn.cursor(row_factory=tuple_row).execute(question, (table.oid,)).fetchall()
    for trigger, _ in triggers:
        conn.execute(sql.SQL("alter table {} disable trigger {}").format(table.identifier, sql.Identifier(trigger)))
    yield  # after an error there is nothing to undo: the savepoint is rolled back
    for trigger, mode in triggers:
        when = sql.SQL("always" if mode == "A" else "replica")
        conn.execute(
            sql.SQL("alter table {} enable {} trigger {}").format(table.identifier, when, sql.Identifier(trigger))
        )


def own_rows(table: Table) -> sql.Composed:
    """Name a table without those that inherit from it, which do not inherit its foreign keys; partitions do."""
    return sql.SQL("{}{}").format(sql.SQL("" if table.is_partitioned else "only "), table.identifier)


def leads_nowhere(key: ForeignKey) -> sql.Composed:
    """Return the condition on a row ``c`` whose foreign key is set and leads to no row."""
    child = [sql.Identifier("c", column) for column in key.columns]
    pairs = zip(child, (sql.Identifier("p", column) for column in key.parent_columns), strict=True)
    return sql.SQL("{} and not exists (select from {} p where {})").format(
        sql.SQL(" and ").join(sql.SQL("{} is not null").format(column) for column in child),
        sql.SQL(key.place),
        sql.SQL(" and ").join(sql.SQL("{} = {}").format(*pair) for pair in pairs),
    )


# Of a sequence, a table and its column: the number that was used last, as the sequence counts, if it counts so far. The
# column need not be a number: anything that can hold one can have a sequence as its default.
# https://www.postgresql.org/docs/current/catalog-pg-sequence.html
_ADVANCE = """
select pg_catalog.setval({name}, u.used)
from pg_catalog.pg_sequence q
cross join {sequence} as l
cross join lateral (
    select case when q.seqincrement > 0 then max(n.number) else min(n.number) end as used
    from (
        select c.{column}::text::bigint as number from {table} c
        where c.{column}::text ~ '^-?[0-9]{{1,18}}$') as n) as u
where q.seqrelid = {name}::pg_catalog.regclass and u.used between q.seqmin and q.seqmax
and case when q.seqincrement > 0 then u.used >= l.last_value else u.used <= l.last_value end
"""


def advance_sequences(conn: psycopg.Connection[Any], tables: Iterable[Table]) -> None:
    """Move the sequences of tables that have rows beyond the numbers that were used."""
    parts = [
        sql.SQL(_ADVANCE).format(
            name=sql.Literal(column.sequence), sequence=sql.SQL(column.sequence), table=table.identifier,
            column=sql.Identifier(column.name),
        )
        for table in tables for column in table.columns.values() if column.sequence
    ]  # fmt: skip
    if parts:
        conn.execute(sql.SQL(" union all ").join(parts))

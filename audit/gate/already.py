"""New rows that people may put in after new files, offered to what was there before: only what was refused is new.

Which rows are offered of a table, and how many, depends on what its policies look at. So a stricter policy may have a
row offered that comes through, where none of the few came through before; and by a looser one come through as many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from psycopg import sql

from audit.gate.guards import COLUMNS, Act, attempt
from audit.gate.results import Reached, Standing
from audit.people import CAST
from audit.question import Connection

INSERT = ": insert "
REFUSED = "42501"
# That a row is there already is found out after the policies were asked.
LET_IN = (None, "23505")

Taken = Mapping[str, Sequence[str]]


def doubted(reached: Iterable[Reached], before: Standing, after: Standing, ruled: Collection[str]) -> Taken:
    """Return the new rows that came through, by cell, of which it is to be asked whether they did so before as well.

    These are of cells that became wider, and of ``ruled`` tables, whose policies are not what they were.
    """
    wider = {each.cell for each in reached if each.wider}
    return {
        cell: rows
        for cell, rows in after.taken.items()
        if (old := before.reach.get(cell)) is not None
        and (
            cell in wider
            or (
                cell.partition(INSERT)[2] in ruled
                and old.reached > 0
                and old.verdict == after.reach[cell].verdict == "UNDECLARED"
            )
        )
    }


def compared(conn: Connection, reached: Sequence[Reached], taken: Taken) -> Iterator[Reached]:
    """Yield what is reached, but for rows that came through before, and with those that were refused.

    ``conn`` is the stand-in's to a copy of what was there before, in no transaction. Raises psycopg.Error.
    """
    states = {cell: _states(conn, cell, rows) for cell, rows in taken.items()}
    for each in reached:
        if not (each.wider and each.cell in states and all(state in LET_IN for state in states[each.cell])):
            yield each
    for cell in states.keys() - {each.cell for each in reached}:
        if REFUSED in states[cell]:
            yield Reached(cell, "some", "more", wider=True, undeclared=True)


def _states(conn: Connection, cell: str, rows: Sequence[str]) -> list[str | None]:
    """Let somebody put in each of some rows, and undo it; return the error states, None where a row came through."""
    who, _, title = cell.partition(INSERT)
    conn.execute("begin", prepare=False)
    try:
        (table,) = conn.execute("select pg_catalog.to_regclass(%s)::pg_catalog.int8", [title]).fetchone() or (None,)
        columns = conn.execute(COLUMNS, {"role": CAST[who].role, "table": table}).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(name) for name, _, insert, _ in columns if insert)
        if not columns or not names.as_string(None):
            return [REFUSED]
        statement = "insert into {0} ({1}) select {1} from pg_catalog.jsonb_populate_record(null::{0}, {2})"
        offered = (sql.SQL(statement).format(sql.SQL(title), names, sql.Literal(row)) for row in rows)
        return [attempt(conn, title, who, Act("insert", "", each)) for each in offered]
    finally:
        if not conn.closed:
            conn.execute("rollback", prepare=False)

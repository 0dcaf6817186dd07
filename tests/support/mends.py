"""Printed fixes, executed: what is wrong with a database, what people reach and how many rows it has, before and after.

A fix runs as the role that owns the project, who is no superuser.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL, Identifier

from audit.access.results import Judged
from audit.mending import is_sql
from audit.question import Connection
from audit.results import Verdict
from audit.server.rights import OWNER
from reports.model import Finding, Result
from tests.support.proving import POLICIES, Bench

ROWS = """
select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_|^information_schema$'
"""
About = tuple[str, str]


@dataclass(frozen=True)
class State:
    """What every policy says of a database, what everybody reaches, and how many rows there are."""

    results: Mapping[str, Result]
    cells: Mapping[str, Judged]
    rows: Mapping[str, int]

    @property
    def findings(self) -> Mapping[About, Finding]:
        """What is wrong, by policy and object."""
        return {(name, found.object): found for name, result in self.results.items() for found in result.findings}

    @property
    def unchecked(self) -> Mapping[str, str]:
        """What could not be judged, and why."""
        return {name: r.reason for name, r in self.results.items() if r.verdict is Verdict.UNCHECKED}

    @property
    def fixes(self) -> Mapping[About, str]:
        """The fixes that are SQL, by what they are to mend."""
        return {about: found.fix for about, found in self.findings.items() if is_sql(found.fix)}


@dataclass(frozen=True)
class Harm:
    """What fixes did not do, and what they did besides; empty where all is well.

    ``left`` are findings that are still there, ``lost`` the tables that have fewer rows, ``out`` how many rows somebody
    reaches rightly before and after, where it is less.
    """

    left: Collection[About]
    found: Mapping[About, Finding]
    unchecked: Mapping[str, str]
    lost: Collection[str]
    out: Mapping[str, tuple[int, int]]

    def __bool__(self) -> bool:
        return bool(self.left or self.found or self.unchecked or self.lost or self.out)


def look(bench: Bench, asked: Collection[str], connection: Connection) -> State:
    """Ask some policies, by their ids, of the database as it is now."""
    bench.judgements = []
    results = {name: bench.ask(POLICIES[name], connection) for name in asked}
    cells = {cell.object: cell for judgement in bench.judgements for cell in judgement.cells}
    rows = {}
    for schema, name in connection.execute(ROWS).fetchall():
        count = connection.execute(SQL("select count(*) from {}").format(Identifier(schema, name))).fetchone()
        rows[f"{schema}.{name}"] = int(count[0]) if count else 0
    return State(results, cells, rows)


def as_owner(connection: Connection, sql: str) -> str:
    """Execute a fix as the role that owns the project; return the error, if there is one."""
    connection.execute("savepoint fix")
    try:
        connection.execute(SQL("set local role {}").format(Identifier(OWNER)))
        connection.execute("set local search_path = ''")
        connection.execute(sql)
    except psycopg.Error as error:
        connection.execute("rollback to fix")
        return str(error)
    connection.execute("reset role; release fix")
    return ""


def harm(fixed: Collection[About], before: State, after: State) -> Harm:
    """Compare a database before and after fixes for some findings."""
    return Harm(
        left=fixed & after.findings.keys(),
        found={about: after.findings[about] for about in after.findings.keys() - before.findings.keys()},
        unchecked={name: why for name, why in after.unchecked.items() if name not in before.unchecked},
        lost={table for table, count in before.rows.items() if after.rows.get(table, 0) < count},
        out={
            about: reach
            for about, cell in before.cells.items()
            if (reach := (_rightly(cell), _rightly(after.cells.get(about))))[1] < reach[0]
        },
    )


def _rightly(cell: Judged | None) -> int:
    """Return how many rows somebody reaches as is declared."""
    return cell.reached - cell.leaked if cell else 0


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """Undo in the end what is done to a database."""
    connection.execute("begin")
    try:
        yield
    finally:
        connection.execute("rollback")

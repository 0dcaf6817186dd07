"""Fixes that cannot harm: what the report prints as SQL is executed on schemas that are not the reference.

Faults, and the holes of a schema that SQL mends, are there at once (more would hide each other: one that is closed
shows the next). Every fix that is SQL runs as the role that owns the project, who is no superuser; then its finding is
gone, nothing else is wrong that was not, no row is missing, and of what people reach rightly nothing is out of reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from audit.access.results import Judged
from audit.mending import is_sql
from audit.question import Connection
from audit.results import Verdict
from audit.server.rights import OWNER
from fixtures.target import CHOICE
from reports.model import Finding, Result
from tests.schemas.test_schemas import HOLES, NAMES, SCHEMAS, Project, built
from tests.support.proving import POLICIES

ROWS = """
select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_|^information_schema$'
"""


@dataclass(frozen=True)
class State:
    """What every policy says of a database, what everybody reaches, and how many rows there are."""

    results: Mapping[str, Result]
    cells: Mapping[str, Judged]
    rows: Mapping[str, int]

    @property
    def findings(self) -> Mapping[tuple[str, str], Finding]:
        """What is wrong, by policy and object."""
        return {(name, found.object): found for name, result in self.results.items() for found in result.findings}

    @property
    def unchecked(self) -> Mapping[str, str]:
        """What could not be judged, and why."""
        return {name: r.reason for name, r in self.results.items() if r.verdict is Verdict.UNCHECKED}


def look(project: Project, connection: Connection) -> State:
    """Ask every policy of the database as it is now."""
    project.bench.judgements = []
    results = {name: project.bench.ask(POLICIES[name], connection) for name in project.before}
    cells = {cell.object: cell for judgement in project.bench.judgements for cell in judgement.cells}
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


def rightly(cell: Judged | None) -> int:
    """Return how many rows somebody reaches as is declared."""
    return cell.reached - cell.leaked if cell else 0


@contextmanager
def faulty(project: Project) -> Iterator[Connection]:
    """Yield a connection to the schema with its faults and holes in it, for one transaction."""
    connection = project.bench.connection
    connection.execute("begin")
    try:
        connection.execute(SQL("set local role {}").format(Identifier(OWNER)))
        for name, hole in HOLES:
            if name == project.name and hole.policy in expected(name):
                connection.execute(hole.sql)
        connection.execute(faults(project.name))
        connection.execute("reset role")
        yield connection
    finally:
        connection.execute("rollback")
        project.bench.judgements = project.bench.untouched


def faults(name: str) -> str:
    return Path(SCHEMAS, name, "faults.sql").read_text(encoding="utf-8")


def expected(name: str) -> set[str]:
    """Return the policies of whose findings the faults of a schema say that SQL mends them."""
    lines = [line.removeprefix("-- mended:") for line in faults(name).splitlines() if line.startswith("-- mended:")]
    return set(" ".join(lines).split())


@pytest.mark.parametrize("name", NAMES)
def test_a_printed_fix_does_no_harm(name: str, pytestconfig: pytest.Config) -> None:
    with built(name, pytestconfig.stash[CHOICE].postgres_bin) as project, faulty(project) as connection:
        before = look(project, connection)
        fixes = {about: found.fix for about, found in before.findings.items() if is_sql(found.fix)}
        assert expected(name) - {policy for policy, _ in fixes} == set()
        failed = {about: error for about, fix in fixes.items() if (error := as_owner(connection, fix))}
        assert failed == {}
        after = look(project, connection)
    assert {about: fixes[about] for about in fixes.keys() & after.findings.keys()} == {}
    assert {about: after.findings[about] for about in after.findings.keys() - before.findings.keys()} == {}
    assert {policy: why for policy, why in after.unchecked.items() if policy not in before.unchecked} == {}
    assert {table for table, count in before.rows.items() if after.rows.get(table, 0) < count} == set()
    locked_out = {
        about: (rightly(cell), rightly(after.cells.get(about)))
        for about, cell in before.cells.items()
        if rightly(after.cells.get(about)) < rightly(cell)
    }
    assert locked_out == {}

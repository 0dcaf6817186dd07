"""Fixes that cannot harm: what the report prints as SQL is executed on schemas that are not the reference.

Faults, and the holes of a schema that SQL mends, are there at once (more would hide each other: one that is closed
shows the next). Every fix that is SQL runs as the role that owns the project, who is no superuser; then its finding is
gone, nothing else is wrong that was not, no row is missing, and of what people reach rightly nothing is out of reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.sql import SQL, Identifier

from audit.question import Connection
from audit.server.rights import OWNER
from fixtures.target import CHOICE
from tests.schemas.test_schemas import HOLES, NAMES, SCHEMAS, Project, built
from tests.support.mends import Harm, as_owner, harm, look, undone


@contextmanager
def faulty(project: Project) -> Iterator[Connection]:
    """Yield a connection to the schema with its faults and holes in it, for one transaction."""
    connection = project.bench.connection
    with undone(connection):
        connection.execute(SQL("set local role {}").format(Identifier(OWNER)))
        for name, hole in HOLES:
            if name == project.name and hole.policy in expected(name):
                connection.execute(hole.sql)
        connection.execute(faults(project.name))
        connection.execute("reset role")
        yield connection
    project.bench.judgements = project.bench.untouched


def faults(name: str) -> str:
    return Path(SCHEMAS, name, "faults.sql").read_text(encoding="utf-8")


def expected(name: str) -> set[str]:
    """Return the policies of whose findings the faults of a schema say that SQL mends them."""
    lines = [line.removeprefix("-- mended:") for line in faults(name).splitlines() if line.startswith("-- mended:")]
    return set(" ".join(lines).split())


def by_itself(project: Project, connection: Connection, policy: str, others: set[str]) -> dict[str, object]:
    """Return what the fixes of one policy, and no others, leave of it or make others tell besides."""
    before = look(project.bench, {policy, *others}, connection)
    done = {about for about in before.fixes if about[0] == policy}
    assert done
    with connection.transaction(force_rollback=True):
        failed = {about: error for about in done if (error := as_owner(connection, before.fixes[about]))}
        after = harm(done - failed.keys(), before, look(project.bench, {policy, *others}, connection))
    return {**failed, **({policy: after} if after else {})}


@pytest.mark.parametrize("name", NAMES)
def test_a_printed_fix_does_no_harm(name: str, pytestconfig: pytest.Config) -> None:
    with built(name, pytestconfig.stash[CHOICE].postgres_bin) as project, faulty(project) as connection:
        before = look(project.bench, project.before, connection)
        fixes = before.fixes
        assert by_itself(project, connection, "EXPO-13", {"EXPO-07", "EXPO-17"}) == {}
        assert expected(name) - {policy for policy, _ in fixes} == set()
        failed = {about: error for about, fix in fixes.items() if (error := as_owner(connection, fix))}
        assert failed == {}
        after = look(project.bench, project.before, connection)
    assert harm(fixes.keys(), before, after) == Harm(set(), {}, {}, set(), {})

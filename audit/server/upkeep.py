"""What a database of ours is looked after with: each statement has a limit, since a project's functions run in it."""

from __future__ import annotations

import time

import psycopg
from psycopg import errors

from audit.progress import PROGRESS
from audit.question import Connection

# One object's materialised view or index may take so long, and all statistics together.
OBJECT_LIMIT_S = 10
ALL_LIMIT_S = 60

# What has rows, the largest at the end: they are the likeliest to take too long.
_TABLES = """
select c.oid::pg_catalog.regclass::text from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm', 'p') and n.nspname !~ '^pg_(toast|temp)' order by c.relpages, c.oid
"""


def within(connection: Connection, statement: str, limit_s: float) -> None:
    """Execute a statement that runs in a transaction of its own, or stop it. Raises QueryCanceled, psycopg.Error."""
    connection.execute(f"set statement_timeout = {round(1000 * limit_s)}".encode())
    try:
        with PROGRESS.doing(statement):
            connection.execute(statement.encode())
    finally:
        if not connection.broken:
            connection.execute("set statement_timeout to default")


def analyze(connection: Connection) -> list[str]:
    """Gather statistics, table by table if all at once takes too long or fails; return of which there are none.

    An index over an expression calls a project's function for every row. Raises psycopg.Error when the connection is
    lost.
    """
    deadline = time.monotonic() + ALL_LIMIT_S
    try:
        within(connection, "analyze", OBJECT_LIMIT_S)
    except psycopg.Error:
        if connection.broken:
            raise
    else:
        return []
    without = []
    for (table,) in connection.execute(_TABLES).fetchall():
        left = min(OBJECT_LIMIT_S / 5, deadline - time.monotonic())
        try:
            if left <= 0:
                raise errors.QueryCanceled
            within(connection, f"analyze {table}", left)
        except psycopg.Error:
            if connection.broken:
                raise
            without.append(table)
    return without

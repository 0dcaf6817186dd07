"""Fill a disposable database with a made-up community, whatever exactly its tables look like.

People sign up as the project has it; the community's rows are fitted to the tables it knows; whatever else there is,
the generator fills. A table that cannot be filled is rolled back and named with the reason, the rest goes on. Reasons
name conditions, columns and constraints, never values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from audit.people import CAST
from audit.seeding.community import Community
from audit.seeding.fitting import Fitting
from audit.seeding.generator import Generator
from audit.seeding.loading import Place, UnfillableError, reason
from audit.seeding.rules import read_rules
from audit.seeding.signup import sign_up
from audit.seeding.tables import Table, read
from audit.seeding.tokens import write_tokens

PEOPLE = {person.id: name for name, person in CAST.items() if person.id}


@dataclass(frozen=True)
class Planted:
    """What :func:`plant` did: rows per table, reasons per table that stayed as it was, and the moment it refers to.

    ``canaries`` are texts that occur in one place only, each with that place: whoever reads one has read from there. A
    canary may be a part of the value. Of the community's tables only the first rows have them, which are the cast's.
    ``remarks`` say what of the project did not work as it should while people signed up.
    """

    counts: dict[str, int]
    unfilled: dict[str, str]
    now: dt.datetime
    canaries: Mapping[str, Place]
    remarks: tuple[str, ...] = ()


def plant(conn: psycopg.Connection[Any], members: int = 200) -> Planted:
    """Fill the database with the cast and ``members`` further people, three requests and ten messages for each.

    ``conn`` is a superuser's, in autocommit mode or not. Outside a transaction everything is committed at the end;
    inside one it is left to the caller. The rows are the same each time, their times relative to ``now()``. Triggers
    do not fire (session_replication_role = replica), so foreign keys are verified after each table instead; CHECK,
    NOT NULL and unique constraints are enforced as always. Nothing is analyzed.
    Source: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SESSION-REPLICATION-ROLE.

    Raises ValueError when ``members`` is negative, psycopg.Error when the connection is lost or not a superuser's.
    """
    counts: dict[str, int] = {}
    unfilled: dict[str, str] = {}
    with conn.transaction(), _replica_role(conn):
        community = Community(_value(conn, "select pg_catalog.now()"), members)
        makers = community.tables()
        catalogue = read(conn)
        known = {**catalogue.platform, **{table.title: table for table in catalogue.tables.values()}}
        fitting = Fitting(conn, catalogue)

        def fit(table: str) -> bool:
            # Where a condition on several columns does not like what is added to our rows, they go without.
            for generous in (True, False):
                try:
                    with conn.transaction():
                        rows = makers[table]()
                        counts[table] = fitting.fill(known[table], rows, unfilled, generous=generous)
                except (UnfillableError, psycopg.Error) as error:
                    if conn.broken:
                        raise
                    unfilled[table] = reason(error)
                else:
                    unfilled.pop(table, None)
                    return True
            return False

        def fit_again(table: Table) -> int | None:
            return counts[table.title] if table.title in unfilled and fit(table.title) else None

        cast = (row for row in community.users() if str(row["id"]) in PEOPLE)
        refused = sign_up(conn, catalogue, cast)
        for table in makers:
            if table in known:
                fit(table)
        others = [table for table in catalogue.tables.values() if table.title not in counts]
        generated = Generator(conn, catalogue, community.now, read_rules(conn, catalogue, {})).fill(others, fit_again)
        write_tokens(conn, catalogue)
    for table in generated.counts:
        unfilled.pop(table, None)
    # Why the community did not fit is the better reason for its own tables.
    return Planted(
        {**counts, **generated.counts},
        {**generated.unfilled, **unfilled},
        community.now,
        {**generated.canaries, **fitting.canaries},
        tuple(f"the project's triggers do not let {PEOPLE[who]} sign up ({why})" for who, why in refused.items()),
    )


def fill_new(conn: psycopg.Connection[Any], tables: Collection[int]) -> dict[str, str]:
    """Fill tables that a migration made, by number, in a planted database; return why some could not be filled.

    ``conn`` is as in :func:`plant`.
    """
    with conn.transaction(), _replica_role(conn):
        catalogue = read(conn)
        wanted = [table for table in catalogue.tables.values() if table.oid in tables]
        rules = read_rules(conn, catalogue, {})
        now = _value(conn, "select pg_catalog.now()")
        return Generator(conn, catalogue, now, rules).fill(wanted, lambda _: None).unfilled


@contextmanager
def _replica_role(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Keep ordinary triggers from firing; undone by hand, because the caller's transaction may go on."""
    before = _value(conn, "select pg_catalog.current_setting('session_replication_role')")
    conn.execute("set local session_replication_role = replica")
    yield
    conn.execute("select pg_catalog.set_config('session_replication_role', %s, true)", (before,))


def _value(conn: psycopg.Connection[Any], question: str, *parameters: object) -> Any:  # noqa: ANN401
    """Return the first column of the first row, or None."""
    row = conn.cursor(row_factory=tuple_row).execute(question, parameters or None).fetchone()
    return row[0] if row else None

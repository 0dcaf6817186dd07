"""Fill a disposable database with a made-up community, whatever exactly its tables look like.

People sign up as the project has it; the community's rows are fitted to the tables it knows; whatever else there is,
the generator fills. A table that cannot be filled is rolled back and named with the reason, the rest goes on. Reasons
name conditions, columns and constraints, never values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from audit.actors import KEYHOLDERS, claims_of, token_of
from audit.evidence import safe
from audit.hook import headers_of, hooked
from audit.people import CAST
from audit.seeding.community import Community
from audit.seeding.deciding import Deciding
from audit.seeding.fitting import Fitting
from audit.seeding.generator import Generator
from audit.seeding.loading import Place, UnfillableError, reason
from audit.seeding.mending import Mending
from audit.seeding.rules import Rules, read_rules
from audit.seeding.services import fill_services
from audit.seeding.settling import settle
from audit.seeding.signup import sign_up
from audit.seeding.tables import Catalogue, Table, read
from audit.seeding.tokens import write_tokens
from audit.settings import Messaging, Parts

LASTS = dt.timedelta(hours=1)
# Who is asked whether the rows decide: those who differ most come first.
MOST_NAMED = 5
NAMED = Parts()
DECIDERS = ("alice", "stranger", "admin", "anon", "bob", "pending", "rejected", "guest")
PEOPLE = {person.id: name for name, person in CAST.items() if person.id}


@dataclass(frozen=True)
class Planted:
    """What :func:`plant` did: rows per table, reasons per table that stayed as it was, and the moment it refers to.

    ``canaries`` are texts that occur in one place only, each with that place: whoever reads one has read from there. A
    canary may be a part of the value. Of the community's tables only the first rows have them, which are the cast's.
    ``remarks`` say what of the project did not work as it should while people signed up, and what of its policies makes
    no difference to any row; ``undecided`` which conditions of policies are true of no row, or matter to none, and no
    row could be made for: what these policies let through is not known. ``lasts`` is how long the rows are as old as
    they are to be: those of the community for hours, those on this side of an age that a rule asks for a part of it.
    """

    counts: dict[str, int]
    unfilled: dict[str, str]
    now: dt.datetime
    canaries: Mapping[str, Place]
    remarks: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    lasts: dt.timedelta = dt.timedelta(0)


def plant(conn: psycopg.Connection[Any], members: int = 200, parts: Parts = NAMED) -> Planted:
    """Fill the database with the cast and ``members`` further people, three requests and ten messages for each.

    ``parts``: which tables play which. ``conn`` is a superuser's, in autocommit mode or not. Outside a transaction
    everything is committed at the end; inside one it is left to the caller. The rows are the same each time, their
    times relative to ``now()``. Triggers do not fire (session_replication_role = replica), so foreign keys are verified
    after each table instead; CHECK, NOT NULL and unique constraints are enforced as always. What triggers say of ids is
    taken over afterwards (see :func:`settle`). Nothing is analyzed.
    Source: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SESSION-REPLICATION-ROLE.

    Raises ValueError when ``members`` is negative, psycopg.Error when the connection is lost or not a superuser's.
    """
    counts: dict[str, int] = {}
    unfilled: dict[str, str] = {}
    with conn.transaction(), _replica_role(conn):
        community = Community(_value(conn, "select pg_catalog.now()"), members)
        catalogue = read(conn)
        known = {**catalogue.platform, **{table.title: table for table in catalogue.tables.values()}}
        makers = community.tables(replace(parts, messaging=_between_people(parts.messaging, known)))
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

        refused = sign_up(conn, catalogue, islice(community.users(), len(PEOPLE)))
        for table in makers:
            if table in known:
                fit(table)
        others = [table for table in catalogue.tables.values() if table.title not in counts]
        rules = read_rules(conn, catalogue, {})
        generated = Generator(conn, catalogue, community.now, rules).fill(others, fit_again)
        settle(conn, catalogue)
        write_tokens(conn, catalogue)
        _fill_services(conn, catalogue, counts, unfilled)
        undecided, idle, copied, late = _decide(conn, catalogue, rules, community.now)
    for table in generated.counts:
        unfilled.pop(table, None)
    # Why the community did not fit is the better reason for its own tables.
    return Planted(
        {**counts, **generated.counts},
        {**generated.unfilled, **unfilled},
        community.now,
        {
            text: place
            for text, place in {**generated.canaries, **fitting.canaries}.items()
            if not any(place.column in columns for columns in copied.get((place.table, place.key), ()))
        },
        (*(f"the project's triggers do not let {PEOPLE[who]} sign up ({why})" for who, why in refused.items()), *idle),
        undecided,
        dt.timedelta(0) if late else min([LASTS, *_ages(rules)]),
    )


def _between_people(generations: Sequence[Messaging], known: Collection[str]) -> tuple[Messaging, ...]:
    """Return those generations of messaging whose conversations say who takes part, as the community's do.

    What somebody says to an assistant is called conversations, too, and is the generator's to fill.
    """
    return tuple(its for its in generations if its.parties or its.participants in known)


def _ages(rules: Rules) -> Iterator[dt.timedelta]:
    """Yield how long a row stays on its side of each age that rules ask for."""
    for hints in rules.asked.values():
        yield from (abs(age) / 4 for age in hints.ages if age)


Shared = Mapping[tuple[str, tuple[str, ...]], Sequence[frozenset[str]]]


def _decide(
    conn: psycopg.Connection[Any], catalogue: Catalogue, rules: Rules, now: dt.datetime
) -> tuple[tuple[str, ...], tuple[str, ...], Shared, bool]:
    """Make rows that decide what policies hinge on.

    Return what nobody knows of, what makes no difference, what the new rows share with others, and whether there was
    too little time.
    """
    question = "select id::text, to_jsonb(u.*) -> 'raw_app_meta_data' from auth.users u where id::text = any (%s)"
    written: dict[str, Any] = dict(conn.cursor(row_factory=tuple_row).execute(question, (list(PEOPLE),)).fetchall())
    known = {name: written.get(CAST[name].id or "") for name in DECIDERS}
    tokens = hooked(conn, {name: token_of(CAST[name], known[name] or {}) for name in DECIDERS if CAST[name].id})
    sent = headers_of(conn, KEYHOLDERS)
    people = [
        (CAST[name].role, claims_of(CAST[name], "both", known[name], tokens.get(name), sent.get(name)))
        for name in DECIDERS
    ]
    deciding = Deciding(conn, people)
    schemas = {table.schema for table in catalogue.tables.values()}
    lacking = deciding.undecided(schemas)
    mending = Mending(deciding, catalogue, rules, now)
    mending.mend(lacking)
    copied: dict[tuple[str, tuple[str, ...]], list[frozenset[str]]] = {}
    for table, key, columns in mending.copied:
        copied.setdefault((table, key), []).append(columns)
    left = [condition for condition in lacking if condition.lacking]
    unknown = tuple(safe(str(condition)) for condition in left if not condition.is_known)
    idle = [safe(str(condition)) for condition in left if condition.is_known]
    more = [f"and {len(idle) - MOST_NAMED} more conditions of policies"] if len(idle) > MOST_NAMED else []
    return unknown, (*idle[:MOST_NAMED], *more), copied, deciding.late


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


def _fill_services(
    conn: psycopg.Connection[Any], catalogue: Catalogue, counts: dict[str, int], unfilled: dict[str, str]
) -> None:
    """Add files and channels to what was filled; where that fails, the rest stays as it is."""
    try:
        with conn.transaction(), _path_kept(conn):
            for table, count in fill_services(conn, catalogue).items():
                counts[table] = counts.get(table, 0) + count
    except psycopg.Error as error:
        if conn.broken:
            raise
        unfilled["storage.objects"] = reason(error)


@contextmanager
def _path_kept(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Give back the search_path that was set before."""
    before = _value(conn, "select pg_catalog.current_setting('search_path')")
    yield
    conn.execute("select pg_catalog.set_config('search_path', %s, true)", (before,))


def _value(conn: psycopg.Connection[Any], question: str, *parameters: object) -> Any:  # noqa: ANN401
    """Return the first column of the first row, or None."""
    row = conn.cursor(row_factory=tuple_row).execute(question, parameters or None).fetchone()
    return row[0] if row else None

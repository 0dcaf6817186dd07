"""What whoever signs up sees of others since what fires then is not what it was: acted out with it, and without it.

Everybody of the cast is older than a new file, so that no cell of the matrix tells of a trigger that makes newcomers
what only few are. Told is what they see more of than before; where nothing fired before, more of than members do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from audit.actors import ACTING
from audit.gate.firing import Fired, switch_off
from audit.gate.results import Entry, Reach
from audit.people import CAST
from audit.probes.registration import SETUP, who_signs_up
from audit.question import Connection, define

SERVICE = CAST["auth_service"].role
MEMBERS = ("alice", "bob")
USERS = "auth.users"
# So many of the words that what fires may wait for are people's names.
WORDS = 4

_SIGHTS = "select * from pg_temp.sights(%s, %s::jsonb, %s)"


def fires_for_newcomers(fired: Sequence[Fired], entries: Mapping[str, Entry]) -> bool:
    """Tell whether what is new may fire when somebody signs up: on their row, or on what comes of it."""
    signing = any(
        entry.kind == "trigger"
        and (table := entries.get(f"r{entry.facts['_of']}")) is not None
        and table.title == USERS
        for entry in entries.values()
    )
    return signing and bool(fired)


def seen_by_newcomers(
    conn: Connection, fired: Sequence[Fired], reach: Mapping[str, Reach]
) -> Iterator[tuple[Fired, str]]:
    """Yield the tables of which newcomers see more rows of others, each with what lets them.

    The connection is the stand-in's, in no transaction. Raises psycopg.Error where it cannot be told.
    """
    own = {table: max(_reached(reach, who, table) for who in MEMBERS) for table in _tables(reach)}
    words = [word for each in fired for word in each.said]
    names = ["", *dict.fromkeys(words)][: 1 + WORDS]
    conn.execute("begin", prepare=False)
    try:
        with conn.cursor() as cursor:
            define(cursor, ACTING + SETUP)
        now = _sights(conn, names, [*own])
        if not any(now.values()):
            return
        for each in fired:
            switch_off(conn, each)
        before = _sights(conn, names, [*own])
    finally:
        if not conn.closed:
            conn.execute("rollback", prepare=False)
    changed = [each for each in fired if not each.new]
    for table, seen in now.items():
        if seen > before.get(table, 0) and (changed or seen > own[table]):
            by = changed or fired
            yield next((each for each in by if each.title == USERS), by[0]), table


def _tables(reach: Mapping[str, Reach]) -> list[str]:
    begin = f"{MEMBERS[0]}: select "
    return sorted(cell.removeprefix(begin) for cell in reach if cell.startswith(begin) and " (" not in cell)


def _reached(reach: Mapping[str, Reach], who: str, table: str) -> int:
    found = reach.get(f"{who}: select {table}")
    return found.reached if found else 0


def _sights(conn: Connection, names: Sequence[str], tables: Sequence[str]) -> dict[str, int]:
    """Return the most rows of others that somebody of one of these names sees who signs up, by table."""
    found: dict[str, int] = {}
    for name in names:
        for table, seen in conn.execute(_SIGHTS, [SERVICE, who_signs_up(name), [*tables]]):
            found[table] = max(seen, found.get(table, 0))
    return found

"""The one way in which probes act: a savepoint, an act in it, a look at what came of it, and all of it undone.

Acts are temporary functions of ours, so that all that one person tries is one round trip. Within it, each single try is
undone by the server (``attempt.sql``): one that fails leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import sql

from audit.actors import ACTING, Claims, Stage
from audit.evidence import safe
from audit.people import CAST, Identity
from audit.question import Cursor, define, short_ms, together, unchecked
from audit.server_errors import NAMING_CLASSES

SETUP = ACTING + Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
# Made beforehand, as what is made while something is tried is undone with it.
_CAST = "select pg_temp.audit_cast(r.rolname) from pg_catalog.pg_roles r where r.rolname = any (%s)"

# What an act tells in one row.
Told = TypeVar("Told")


@contextmanager
def prepared(
    stage: Stage,
    functions: str,
    settings: Mapping[str, Sequence[str]] | None = None,
    *,
    who: Identity | None = None,
    claims: Claims = "json",
    replica: bool = False,
) -> Iterator[Cursor]:
    """Make ``functions`` of ours, for as long as this lasts; yield the cursor of a superuser who calls them.

    ``settings`` are lists that they read, each a setting of its own with one entry a line. They act with the claims of
    ``who``, and switch to their role themselves. With ``replica`` neither triggers nor foreign keys are in the way.
    Messages are in English, because some can be told by their text alone.

    Raises Unchecked when the server gave no answer.
    """
    try:
        with stage.savepoint(who, claims, keep=False) as cursor:
            cursor.execute("set local role none; set local lc_messages = 'C'; set local client_min_messages = error")
            if replica:
                cursor.execute("set local session_replication_role = replica")
            for name, entries in (settings or {}).items():
                cursor.execute("select set_config(%s, %s, true)", [f"audit.{name}", "\n".join(entries)])
            cursor.execute("set local search_path = ''")
            define(cursor, SETUP + functions)
            cursor.execute(_CAST, [[*{each.role for each in CAST.values()}]])
            yield cursor
    except psycopg.Error as error:
        raise unchecked(error) from error


@contextmanager
def acting(stage: Stage, who: Identity | None = None, path: str = "") -> Iterator[Cursor]:
    """Let acts be those of somebody (None: of nobody): with their claims, this search_path, and a superuser's rights.

    An act switches to the role itself. All that it did is undone in the end.
    """
    with stage.savepoint(who, "json", keep=False) as cursor:
        cursor.execute("set local role none")
        if path:
            cursor.execute("select set_config('search_path', %s, true)", [path])
        yield cursor


def ask(cursor: Cursor, told: Callable[..., Told], act: LiteralString, parameters: Sequence[Any]) -> list[Told]:
    """Have the server act, and return what it tells of that, each row as ``told`` has it."""
    return [told(*row) for row in cursor.execute(act, parameters).fetchall()]


def each(
    cursor: Cursor,
    names: Sequence[str],
    act: Callable[[Sequence[str]], list[Told]],
    unjudged: set[str],
    known: Mapping[str, Any],
) -> list[Told]:
    """Act on all names at once, or on each alone where that takes too long; return what was told.

    Those that come to no end alone, and those for which no patience is left, are added to ``unjudged``. What is in
    there already, for somebody else's sake, is not tried again.
    """
    found, slow = together(cursor, [name for name in names if name not in unjudged], act, short_ms(known))
    unjudged |= slow
    return found


def works(stage: Stage, who: Identity, statement: sql.Composed) -> bool:
    """Tell whether somebody may execute a statement, and there is a row that it finds or changes."""
    try:
        with stage.savepoint(who, "json", keep=False) as cursor:
            cursor.execute(statement)
            return cursor.rowcount > 0
    except psycopg.Error:
        if stage.connection.broken:
            raise
        return False


def without_an_end(unjudged: Collection[str]) -> str:
    """Say what gave no answer in time or was not tried at all, or ""."""
    names = ", ".join(sorted(unjudged)[:5])
    return f"not called, or without an end: {safe(names)}" if unjudged else ""


def words_of(code: str, message: str) -> str:
    """Say what an act failed with; the messages of other classes may hold data."""
    return f"{safe(message)} ({code})" if code[:2] in NAMING_CLASSES else code

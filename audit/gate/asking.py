"""How the suite is asked after new files: of the database that they were tried on, and of copies of what is released.

The suite takes the longest of all that a gate does. Where the machine has processors to spare, a helper applies the
files to a copy meanwhile, and takes of what is to be asked what nobody has begun with. What it says counts only if its
copy became what ours did.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from audit.connection import Dsn, connect
from audit.ending import ENDING
from audit.gate.base import Base, Suite
from audit.gate.contents import empty_tables
from audit.gate.foreign_keys import fitted
from audit.gate.looking import looking
from audit.gate.partitions import cleared
from audit.gate.results import Standing
from audit.gate.trace import State
from audit.layouts import title
from audit.migrations import Refused, apply_files
from audit.question import Connection
from audit.results import Migration
from audit.seeding.seeds import fill_new
from audit.server.embedded import Server
from audit.server.rights import OWNER, follow, login, superuser
from audit.server.steady import steady
from audit.server.target import Target
from audit.sql_text import Statement

# A lot of policies takes at least such a part of the time that all of them take.
PARTS = 16


def migrating(target: Target) -> Dsn:
    """Return the login that applies migrations: what stands behind a RESET in them must be the project's role alone."""
    return target.dsn if target.kind == "shadow" else login(target.dsn, OWNER)


@dataclass
class Aftermath:
    """Some new files, and how the suite is asked after them. ``origin`` is what there was before them."""

    base: Base
    suite: Suite
    files: Sequence[Path]
    limit_s: float
    origin: State

    @contextmanager
    def copy(self) -> Iterator[Target]:
        """Open a copy of the base, with values that new foreign keys ask for, and room for new partitions.

        Raises TargetError, psycopg.Error.
        """
        assert self.base.copies is not None
        with self.base.copies() as (dsn, server):
            copy = replace(self.base.target, dsn=dsn, server=server)
            with connect(dsn) as conn:
                fitted(conn, self.files)
                cleared(conn, self.files)
            yield copy

    def apply(self, copy: Target, files: Sequence[Path]) -> Generator[Migration, None, None]:
        """Apply files to a copy, one after the other, and tell what became of each; nobody looks.

        Raises psycopg.Error when the server answers no more.
        """
        assert copy.server is not None
        watchdog = copy.server.watchdog
        with ExitStack() as stack:
            conn = stack.enter_context(connect(migrating(copy)))

            @contextmanager
            def limited(statement: Statement, _: int) -> Iterator[None]:
                with watchdog.limiting(conn, self.limit_s) as killed:
                    try:
                        yield
                    except psycopg.Error as error:
                        if killed.is_set():
                            raise Refused("took too long", statement.start) from error
                        raise

            for path in files:
                try:
                    (migration,) = apply_files(conn, [path], limited)
                except psycopg.Error:
                    if not conn.closed:
                        raise
                    migration = lost(path)
                if conn.closed:
                    conn = stack.enter_context(connect(migrating(copy)))
                yield migration

    def settle(self, target: Target, conn: Connection) -> dict[str, str]:
        """Do what a server would do by itself, and fill new tables, for good: empty ones tell nothing.

        Returns why tables have no rows. Raises psycopg.Error.
        """
        _introduce(target)
        unfilled = dict(self.base.target.unfilled)
        with steady(conn):
            if empty := self._empty(conn):
                unfilled.update(fill_new(conn, empty))
            _tidy(conn)
        return unfilled

    def ask(self, conn: Connection, unfilled: Mapping[str, str], only: frozenset[str] | None = None) -> Standing:
        """Ask the suite, or some of it, of a database that has settled.

        Schemas that the API served before are asked about, too: nobody hides one from us.
        """
        base = self.base
        exposed = base.standing.exposed
        return self.suite.ask(conn, unfilled, base.target.migrations, only, unlike=base.unlike, exposed=exposed)

    def walk(self, stops: Mapping[int, frozenset[str]]) -> dict[int, Standing]:
        """Apply the files to a copy, one after the other, and ask some policies between them.

        ``stops`` are these, by the number of files that were applied by then. Raises TargetError, psycopg.Error.
        """
        found = {}
        with self.copy() as copy, closing(self.apply(copy, self.files)) as done:
            for count in range(max(stops) + 1):
                if count:
                    next(done)
                if count in stops:
                    with connect(copy.dsn) as conn:
                        found[count] = self._ask_between(copy, conn, stops[count])
        return found

    def _ask_between(self, copy: Target, conn: Connection, only: frozenset[str]) -> Standing:
        """Ask, and leave new tables as they are: a later file may fail at a row that nobody would have put there."""
        _introduce(copy)
        unfilled = dict(self.base.target.unfilled)
        if not (empty := self._empty(conn)):
            _tidy(conn)
            return self.ask(conn, unfilled, only)
        _tidy(conn, analyze=False)
        conn.execute("begin")
        try:
            with steady(conn):
                unfilled.update(fill_new(conn, empty))
                conn.execute("analyze")
            return self.ask(conn, unfilled, only)
        finally:
            if not conn.closed:
                conn.execute("rollback")

    def _empty(self, conn: Connection) -> list[int]:
        with looking(conn):
            return empty_tables(conn, self.origin.titles)


def _introduce(target: Target) -> None:
    """Let the stand-in become the roles that there are by now."""
    with superuser(target.dsn) as administrator:
        follow(administrator)


def _tidy(conn: Connection, *, analyze: bool = True) -> None:
    """Vacuum and analyze, as the server would by itself, soon: dead rows are no hazard of a migration."""
    if conn.info.server_version >= 150000:
        conn.execute("select pg_catalog.pg_stat_force_next_flush()")
    conn.execute("vacuum (analyze)" if analyze else "vacuum")


def lost(path: Path, line: int | None = None, error: str = "the session was lost") -> Migration:
    """Tell of a file whose session was lost."""
    return Migration(title(path), applied=False, error=error, line=line)


# --- The suite, by two askers


def together(standings: Sequence[Standing]) -> Standing:
    """Put together what was said of one database by and by."""
    observed = next((each for each in reversed(standings) if each.reach), standings[-1])
    return Standing(
        {name: said for each in standings for name, said in each.asked.items()},
        observed.reach,
        standings[-1].exposed,
        {name: took for each in standings for name, took in each.took_ms.items()},
        observed.taken,
    )


class Lots:
    """What is to be asked, in lots that are asked together, those that take longest first; several may take from it."""

    def __init__(self, lots: Sequence[frozenset[str]]) -> None:
        self._left = [*reversed(lots)]
        self._lock = threading.Lock()

    def take(self) -> frozenset[str] | None:
        """Return the next one, or None when there is none left."""
        with self._lock:
            return self._left.pop() if self._left else None


def lots(groups: Sequence[frozenset[str]], took_ms: Mapping[str, float]) -> list[frozenset[str]]:
    """Put groups of policies, which are never parted, together to lots: those that took long are one each."""
    cost = {group: sum(took_ms.get(name, 0.0) for name in group) for group in groups}
    least = sum(cost.values()) / PARTS
    found: list[frozenset[str]] = []
    small: frozenset[str] = frozenset()
    for group in sorted(groups, key=lambda group: (-cost[group], sorted(group))):
        if cost[group] >= least:
            found.append(group)
            continue
        small |= group
        if sum(took_ms.get(name, 0.0) for name in small) >= least:
            found.append(small)
            small = frozenset()
    return [*found, small] if small else found


def spare() -> bool:
    """Tell whether there is more than one processor for us."""
    return len(os.sched_getaffinity(0)) > 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) > 1


@dataclass
class Helper:
    """Applies the files to a copy in a thread of its own, and asks what is left to ask; a context manager.

    ``standings`` are what it was told, and ``migrations`` what became of the files there. Whatever goes wrong with it
    only means that less was asked.
    """

    after: Aftermath
    lots: Lots
    migrations: tuple[Migration, ...] = ()
    standings: list[Standing] = field(default_factory=list)
    _server: Server | None = None
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="helper", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if kind is not None and self._server is not None:
            # Whatever it waits for there ends with the server.
            with suppress(OSError):
                os.kill(self._server.pid, signal.SIGQUIT)
        self.finish()

    def finish(self) -> None:
        """Wait until it has no more to do."""
        if self._thread is not None:
            self._thread.join()

    def told(self, migrations: Sequence[Migration]) -> list[Standing]:
        """Return what it was told by a database in which the files became what they are said to have become.

        What it could not tell of a policy, and the base could, it does not say. It has finished by then.
        """
        with ENDING.waiting():
            self.finish()
        if [(each.file, each.applied, each.line) for each in self.migrations] != [
            (each.file, each.applied, each.line) for each in migrations
        ]:
            return []
        before = self.after.base.standing.asked
        blind = {name for name, said in before.items() if said.verdict == "UNCHECKED"}
        return [
            replace(
                each, asked={n: said for n, said in each.asked.items() if said.verdict != "UNCHECKED" or n in blind}
            )
            for each in self.standings
        ]

    def _run(self) -> None:
        # Whatever it is that goes wrong: what was not asked here is asked by others.
        with suppress(Exception), self.after.copy() as copy:
            self._server = copy.server
            if self._over.is_set():
                return
            self.migrations = tuple(self.after.apply(copy, self.after.files))
            with connect(copy.dsn) as conn:
                unfilled = self.after.settle(copy, conn)
                while not self._over.is_set() and (lot := self.lots.take()):
                    standing = self.after.ask(conn, unfilled, lot)
                    if not conn.closed:
                        self.standings.append(standing)


def ask_all(
    after: Aftermath, target: Target, migrations: Sequence[Migration], helper: Helper | None, lots: Lots
) -> Standing:
    """Ask everything of the database on which the files were tried, but for what a helper has asked of its copy.

    What it could not judge is asked again. Raises psycopg.Error.
    """
    with connect(target.dsn) as conn:
        unfilled = after.settle(target, conn)
        if helper is None:
            return after.ask(conn, unfilled)
        standings = []
        while lot := lots.take():
            standings.append(after.ask(conn, unfilled, lot))
        standings += helper.told(migrations)
        asked = {name for each in standings for name in each.asked}
        if left := frozenset().union(*after.suite.groups()) - asked:
            standings.append(after.ask(conn, unfilled, left))
        return together(standings)

"""The watchdog of a disposable server: whatever takes too long there is ended, from outside.

Time-outs that are set in a session can be set otherwise by what runs in it, and do not hold for everything: a deferred
trigger runs at commit, an index's expression under VACUUM, a cast while a table is read. So each wait of each of our
connections to the server is watched (:class:`audit.connection.Patient`). What is overdue is cancelled; what catches
that loses its session, which nothing in PostgreSQL can catch; and what does not even end then loses its server.

The watchdog also ends a server whose files outgrow their limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg

from audit.connection import GUARDS, Dsn, TargetError, guarded_place
from audit.evidence import safe
from audit.question import Connection
from audit.server.rights import superuser
from audit.server_errors import Overdue
from audit.sql_text import Unreadable, statements

LIMIT_S = 60.0
# How long a statement has to end when it was cancelled, and a session when it was ended: on a busy machine that takes
# its time, and what comes next is the end of the whole server. So long, too, a server may refuse to let us in.
GRACE_S = 2.0
LAST_GRACE_S = 10.0
_ENDS = (
    ("select pg_catalog.pg_cancel_backend(%s)", GRACE_S),
    ("select pg_catalog.pg_terminate_backend(%s)", LAST_GRACE_S),
)
_POLL_S = 0.1
# A database has hundreds of files, and there may be many: looking at them takes a small share of a processor.
_DISK_POLL_S = 0.5
_DISK_REST = 20
_WORDS_TOLD = 8

_QUERY = "select a.query from pg_catalog.pg_stat_activity a where a.pid operator(pg_catalog.=) %s"


@dataclass
class Watch:
    """One wait for the server: until when, and what came of it. ``pid`` is the server's process that works for us."""

    pid: int
    limit_s: float
    deadline: float
    ended: bool = False
    statement: str = ""
    over: threading.Event = field(default_factory=threading.Event)


def _named(text: str) -> str:
    """Return the first words of the last statement in a text: literals, which may hold anything, are none of them."""
    words: tuple[str, ...] = ()
    with suppress(Unreadable):
        for statement in statements(text):
            words = statement.words
    return safe(" ".join(words[:_WORDS_TOLD]))


class Watchdog:
    """Watches the connections to one server; a context manager.

    ``dsn`` is the superuser's. ``kill`` ends the server at once, given the process of it that does not end. ``crowded``
    says why its files are too large, or "".
    """

    def __init__(self, dsn: Dsn, kill: Callable[[int], None], crowded: Callable[[], str] = lambda: "") -> None:
        self.dsn = dsn
        self.limit_s = LIMIT_S
        self.why_ended = ""
        self._kill = kill
        self._crowded = crowded
        self._watched: dict[int, Watch] = {}
        self._limits: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        GUARDS[guarded_place(self.dsn)] = self
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        GUARDS.pop(guarded_place(self.dsn), None)
        self._over.set()
        self._thread.join()

    @contextmanager
    def watching(self, connection: Connection) -> Iterator[None]:
        """Watch one wait of a connection. Raises Overdue in place of the error of what was ended."""
        limit_s = self._limits.get(id(connection), max(self.limit_s, getattr(connection, "patience_s", None) or 0))
        pid = connection.info.backend_pid
        watch = Watch(pid, limit_s, time.monotonic() + limit_s)
        self._watched[id(watch)] = watch
        try:
            yield
        except psycopg.OperationalError as error:
            if self.why_ended:
                raise psycopg.OperationalError(self.why_ended) from error
            if watch.ended:
                raise Overdue(f"was ended after {watch.limit_s:g} s: {watch.statement}") from error
            if connection.closed and not error.sqlstate:
                self._end_session(pid)  # nobody waits for it any more
            raise
        finally:
            self._watched.pop(id(watch), None)
            watch.over.set()

    @contextmanager
    def limiting(self, connection: Connection, limit_s: float) -> Iterator[threading.Event]:
        """Give what is executed in the body another limit; the event is set when it was ended."""
        killed = threading.Event()
        self._limits[id(connection)] = limit_s
        try:
            yield killed
        except Overdue:
            killed.set()
            raise
        finally:
            self._limits.pop(id(connection), None)

    def _run(self) -> None:
        look_at = time.monotonic() + _DISK_POLL_S
        while not self._over.wait(_POLL_S):
            now = time.monotonic()
            for watch in [*self._watched.values()]:
                if now >= watch.deadline and not watch.over.is_set():
                    self._end(watch)
            if now >= look_at and not self.why_ended:
                begun = time.monotonic()
                self.why_ended = self._crowded()
                ended = time.monotonic()
                look_at = ended + max(_DISK_POLL_S, _DISK_REST * (ended - begun))
                if self.why_ended:
                    self._kill(0)

    def _end(self, watch: Watch) -> None:
        watch.ended = True
        given_up = time.monotonic() + LAST_GRACE_S
        while not self._ask_to_end(watch) and time.monotonic() < given_up:
            if watch.over.wait(_DISK_POLL_S):
                return
        if not watch.over.is_set():
            self._kill(watch.pid)
            watch.over.wait(GRACE_S)

    def _ask_to_end(self, watch: Watch) -> bool:
        """Cancel a statement, then end its session. Returns whether the server took the request."""
        with suppress(TargetError, psycopg.Error), superuser(self.dsn) as connection:
            for found in connection.execute(_QUERY, [watch.pid]).fetchall():
                watch.statement = _named(str(found[0]))
            for end, grace_s in _ENDS:
                connection.execute(end, [watch.pid])
                if watch.over.wait(grace_s):
                    break
            return True
        return False

    def _end_session(self, pid: int) -> None:
        with suppress(TargetError, psycopg.Error), superuser(self.dsn) as connection:
            connection.execute("select pg_catalog.pg_terminate_backend(%s)", [pid])

"""The footprint: what the audit asks of the server that it audits, measured and not guessed, and the budget for it.

Each question is looked at from inside its own transaction, just before its end. What only the whole server counts (its
buffers, its log) says nothing about us; since PostgreSQL 18 it counts both for each session, which is told, unless
sessions are shared or were lost on the way. What is not known is said to be so.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

from audit.evidence import Unchecked
from audit.question import Connection, Cursor
from audit.results import Cost

SESSIONS_COUNT_SINCE = 180000

# In any version that is to be met; txid_current_if_assigned() assigns none.
# https://www.postgresql.org/docs/current/view-pg-locks.html
_LOOK = """
select pg_catalog.pg_backend_pid(), pg_catalog.txid_current_if_assigned() is not null,
       count(*) filter (where l.locktype = 'relation'),
       coalesce(pg_catalog.array_agg(distinct l.mode) filter (where l.locktype = 'relation'), '{}')
from pg_catalog.pg_locks l where l.pid = pg_catalog.pg_backend_pid()
"""

# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-FUNCTIONS
_COUNTED = """
select (select sum(i.reads)::bigint from pg_catalog.pg_stat_get_backend_io(pg_catalog.pg_backend_pid()) i),
       (select sum(i.hits)::bigint from pg_catalog.pg_stat_get_backend_io(pg_catalog.pg_backend_pid()) i),
       (select w.wal_bytes::bigint from pg_catalog.pg_stat_get_backend_wal(pg_catalog.pg_backend_pid()) w)
"""


@dataclass
class Footprint:
    """Counts as the audit goes on. ``watched`` is off for disposable targets, which nobody else uses."""

    budget_ms: int | None = None
    watched: bool = False
    server_ms: float = 0.0
    questions: int = 0
    sessions: int = 0
    dump_ms: float | None = None
    locks: int = 0
    lock_modes: set[str] = field(default_factory=set)
    transaction_ids: int = 0
    seen: int = 0
    backends: set[int] = field(default_factory=set)
    counted: tuple[int, int, int] | None = None
    unknown: str = "the run ended before they were asked for"

    def waited(self, seconds: float) -> None:
        """Count the time of one wait for the server."""
        self.server_ms += seconds * 1000

    def dumped(self, seconds: float) -> None:
        """Count pg_dump's session and the time that it took."""
        self.sessions += 1
        self.dump_ms = (self.dump_ms or 0.0) + seconds * 1000
        self.waited(seconds)

    def left_ms(self) -> float:
        """Return what is left of the budget, infinity where there is none. Raises Unchecked when it is used up."""
        if self.budget_ms is None:
            return float("inf")
        if self.server_ms >= self.budget_ms:
            raise Unchecked(
                f"the audit's budget of {self.budget_ms:,} ms of the server's time was used up",
                "raise --budget-ms, or ask fewer policies at a time",
            )
        return self.budget_ms - self.server_ms

    def look(self, cursor: Cursor) -> None:
        """Look at the transaction of a question that was answered; the answer stands whether this works or not."""
        with suppress(psycopg.Error):  # the question counts as unseen then
            self.ask(cursor)
            self.told(cursor)

    def ask(self, cursor: Cursor) -> None:
        """Ask about the transaction that a cursor is in; :meth:`told` takes the answer."""
        if self.watched:
            cursor.execute(_LOOK)

    def told(self, cursor: Cursor) -> None:
        """Take the answer."""
        if self.watched:
            ((backend, assigned, locks, modes),) = cursor.fetchall()
            self.seen += 1
            self.backends.add(backend)
            self.transaction_ids += assigned
            self.locks = max(self.locks, locks)
            self.lock_modes.update(modes)

    def conclude(self, connection: Connection | None, opened: int) -> None:
        """Ask the server what it counted for our session, the last one of those ``opened``, at the end."""
        self.sessions += opened
        if not self.watched:
            return
        self.unknown = self._uncounted(connection, opened)
        if self.unknown or connection is None:
            return
        try:
            # In two transactions: the session tells its counts between them.
            connection.execute("select pg_catalog.pg_stat_force_next_flush()")
            ((read, hit, wal),) = connection.execute(_COUNTED).fetchall()
            self.counted = (read, hit, wal)
        except psycopg.Error:
            self.unknown = "the server gave no answer at the end"

    def _uncounted(self, connection: Connection | None, opened: int) -> str:
        if connection is None or connection.closed or connection.broken or opened != 1:
            return "a session was lost, and its counts with it"
        if connection.info.server_version < SESSIONS_COUNT_SINCE:
            return "the server does not count them for each session; PostgreSQL 18 and newer do"
        if self.backends - {connection.info.backend_pid}:
            return "a pooler hands out the server's sessions, and what they counted for others before"
        return ""

    def cost(self) -> Cost:
        """Return what is known by now."""
        read, hit, wal = self.counted or (None, None, None)
        return Cost(
            questions=self.questions,
            sessions=self.sessions,
            server_ms=self.server_ms,
            dump_ms=self.dump_ms,
            budget_ms=self.budget_ms,
            locks=self.locks,
            lock_modes=tuple(sorted(self.lock_modes)),
            transaction_ids=self.transaction_ids,
            unseen=self.questions - self.seen,
            buffers_read=read,
            buffers_hit=hit,
            wal_bytes=wal,
            unknown=self.unknown,
        )

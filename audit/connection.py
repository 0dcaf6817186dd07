"""How a PostgreSQL server is reached, and what is said, without secrets, when it cannot be."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import re
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.waiting import Ready, Wait

from audit.ending import ENDING
from audit.evidence import safe
from audit.progress import PROGRESS
from audit.server_errors import Oversized, Unanswered, explain

APPLICATION_NAME = "care-collective-audit"
CONNECT_TIMEOUT_S = 10

# How long the audit waits for an answer beyond the server's own time-out of statements.
GRACE_S = 5.0

# The longest answer that is taken, or row of it where rows are let go of: one value may be of 1 GB, and is foreign.
ANSWER_BYTES = 128 << 20
# What is read of one at once is too little to count as much.
LITTLE_BYTES = 4 << 10

# https://www.postgresql.org/docs/current/libpq-ssl.html: these settle for no encryption when the server, or somebody
# in its place, offers none.
WEAK_SSLMODES = ("disable", "allow", "prefer")

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

# How the server reads texts and writes values: psycopg reads ISO times only, our texts have backslashes, and findings
# are known by their names. A database or a login may have other defaults.
# https://www.postgresql.org/docs/current/runtime-config-client.html, .../runtime-config-compatible.html
PLAIN: Mapping[str, str] = {
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
}
# Whatever isolation is the default: serializable may have to wait, and a standby refuses it.
READ_ONLY = "begin transaction isolation level repeatable read read only"

_URL = re.compile(r"postgres(ql)?://", re.IGNORECASE)
_SETTING = re.compile(r"\s*[a-z_]+\s*=", re.IGNORECASE)


class TargetError(Exception):
    """The target cannot be used; the message is one sentence for a person and holds no secret."""


class Guard(Protocol):
    """What watches the connections to a server of ours: :class:`audit.server.watchdog.Watchdog`."""

    def watching(self, connection: psycopg.Connection[Any]) -> AbstractContextManager[None]:
        """Watch one wait for the server's answer."""


# Held by whoever reads an answer.
_READING = threading.RLock()

# Whoever connects to a server of ours is watched, without having to think of it: by the server's place.
GUARDS: dict[str, Guard] = {}


class Patient(psycopg.Connection[Any]):
    """A connection that waits for an answer for so long and no longer, and tells how long it did.

    The server's own time-outs are of no use when it has been stopped, and neither is anything that TCP offers, because
    its kernel still acknowledges. ``patience_s`` None waits for ever; ``waited`` is given the seconds of each wait.
    """

    patience_s: float | None = None
    waited: Callable[[float], None] | None = None
    guard: Guard | None = None
    _taken = 0
    _grown = 0
    _reads = 0

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server. Raises Unanswered, and Oversized where it says more than anybody can want to know."""
        begun = time.monotonic()
        self.let_go()
        self._grown = 0
        patience = self.patience_s if timeout is None else timeout
        try:
            with self.guard.watching(self) if self.guard is not None else nullcontext():
                return self._waited_for(self._read_by(gen), interval, patience)
        finally:
            if self.waited is not None:
                self.waited(time.monotonic() - begun)

    def _waited_for(self, gen: PQGen[RV], interval: float, patience: float | None) -> RV:
        for part in PROGRESS.waits(patience):
            begun = time.monotonic()
            try:
                with ENDING.waiting():
                    return super().wait(gen, interval, part)
            except psycopg.OperationalError as error:
                if error.sqlstate or self.closed or time.monotonic() - begun < part:
                    raise
        self.close()
        raise Unanswered(f"the server did not answer within {patience:g} seconds")

    def let_go(self) -> None:
        """Count anew what the server says: what it said so far is not kept."""
        self._taken = 0

    def _read_by(self, gen: PQGen[RV]) -> PQGen[RV]:
        """Return a generator of psycopg's that is stopped before it reads too much. Raises Oversized.

        It can be waited for in parts: begun anew, a wait tells it None.
        """
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                wanted = self._take(gen, ready or Ready.NONE)
        except StopIteration as end:
            result: RV = end.value
            return result

    def _take(self, gen: PQGen[RV], ready: int) -> Wait:
        """Let a generator go on: read what has arrived, if anything has. Raises Oversized.

        More may arrive while it reads. But libpq makes room for a whole message before it reads the rest of it, at most
        twice as much as it needs, and that is seen in time: by what the process has more of than before. So that no
        other thread's answers count, only one of them reads at a time.
        """
        if not ready & Ready.R:
            return gen.send(ready)
        here = arrived(self.pgconn.socket)
        self._taken += here
        self._reads += 1
        # To ask costs more than a short answer does: it is done whenever much is there, and now and then.
        if here <= LITTLE_BYTES and self._reads % 8:
            wanted = gen.send(ready)
        elif self._taken <= ANSWER_BYTES:
            with _READING:
                before = held()
                wanted = gen.send(ready)
                self._grown += held() - before
        if self._taken > ANSWER_BYTES or self._grown > 2 * ANSWER_BYTES:
            self.close()
            raise Oversized(f"the server's answer is larger than {ANSWER_BYTES >> 20} MB")
        return wanted


def arrived(socket: int) -> int:
    """Return how many bytes can be read from a socket at once (https://man7.org/linux/man-pages/man7/unix.7.html)."""
    return int(struct.unpack("i", fcntl.ioctl(socket, termios.FIONREAD, struct.pack("i", 0)))[0])


def held() -> int:
    """Return how many bytes this process has for itself, used or not; 0 where the system does not tell.

    https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html
    """
    try:
        with open("/proc/self/statm", "rb") as said:
            return int(said.read().split()[5]) * _PAGE_BYTES
    except OSError:
        return 0


class Dsn(str):
    """A connection string that keeps its password out of tracebacks, which print the arguments of functions."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Dsn(...)"


_PARAMETER = re.compile(r"[?&](\w+)=")
# What Prisma and others add to a URL: https://www.prisma.io/docs/orm/overview/databases/postgresql#arguments
OF_LIBRARIES = frozenset({
    "pgbouncer", "connection_limit", "pool_timeout", "schema", "statement_cache_size", "sslaccept", "sslidentity",
    "socket_timeout", "workaround", "supa", "pool_mode", "prepareThreshold", "ssl", "uselibpqcompat",
})  # fmt: skip


def looks_like_conninfo(text: str) -> bool:
    """Tell whether ``text`` is meant as a connection string: a URL, or ``key=value`` such as ``service=prod``."""
    return bool(_URL.match(text) or _SETTING.match(text))


def conninfo(text: str) -> Dsn:
    """Complete a connection string with what the audit relies on, keeping what the user set.

    Source: https://www.postgresql.org/docs/current/libpq-connect.html. Raises TargetError when libpq cannot read it;
    the text itself is not repeated then, because the password is often the very part that broke it.
    """
    try:
        given = conninfo_to_dict(text)
    except psycopg.Error as error:
        if ours := sorted({*_PARAMETER.findall(text)} & OF_LIBRARIES):
            raise TargetError(
                f"the connection string has parameters that are some library's and not PostgreSQL's: leave out "
                f"{' and '.join(ours)}"
            ) from error
        raise TargetError(
            "the connection string cannot be read (it is not repeated here, it may hold a password): write it like "
            "service=prod or postgresql://user@host:5432/database, with special characters percent-encoded"
        ) from error
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        given["connect_timeout"] = CONNECT_TIMEOUT_S
    return Dsn(make_conninfo("", **given | {"client_encoding": "UTF8", "application_name": APPLICATION_NAME}))


def own_conninfo(**place: str | int) -> Dsn:
    """Return the connection string of a server of our own; PG* variables made for other servers have no say in it."""
    neutral: dict[str, str | int] = {
        "port": 5432, "options": options(PLAIN), "sslmode": "prefer", "target_session_attrs": "any",
        "password": "",
    }  # fmt: skip
    return conninfo(make_conninfo("", **neutral | place))


def options(settings: Mapping[str, str]) -> str:
    """Return settings as libpq's options: they come before what a role or a database has set."""
    return " ".join(f"-c {name}={value.replace(' ', '')}" for name, value in settings.items())


def guarded_place(dsn: str) -> str:
    """Return what servers of ours are told apart by."""
    given = conninfo_to_dict(dsn)
    return f"{given.get('host')}:{given.get('port')}"


def holds_password(dsn: str) -> bool:
    """Tell whether a password is part of the connection string itself, where the process list shows it."""
    return bool(conninfo_to_dict(dsn).get("password"))


def connect(
    dsn: Dsn,
    *,
    autocommit: bool = True,
    patience_s: float | None = None,
    waited: Callable[[float], None] | None = None,
) -> Patient:
    """Connect, never with server-side prepared statements, which transaction poolers do not carry over.

    Raises TargetError with a sentence that holds no secret.
    """
    try:
        with ENDING.waiting():
            connection = Patient.connect(dsn, autocommit=autocommit, prepare_threshold=None)
        connection.patience_s, connection.waited = patience_s, waited
        connection.guard = GUARDS.get(guarded_place(dsn))
        return connection
    except (psycopg.Error, UnicodeError, ValueError) as error:
        raise TargetError(f"cannot connect to {place_of(dsn)}: {explain(error, dsn)}") from None


def setting(values: Mapping[str, str]) -> str:
    """Return the statement that sets something for this transaction alone."""
    # Not SET LOCAL: it would take a search_path of two schemas, given as one literal, for the name of one.
    calls = (sql.SQL("pg_catalog.set_config({}, {}, true)").format(*each).as_string(None) for each in values.items())
    return f"select {', '.join(calls)}"


@contextmanager
def reading(connection: psycopg.Connection[Any], **settings: str) -> Iterator[None]:
    """Read in one READ ONLY transaction, with settings that end with it. Raises psycopg.Error."""
    end = "rollback"
    try:
        connection.execute(f"{READ_ONLY}; {setting({**PLAIN, **settings})}")
        yield
        end = "commit"  # who watches a database takes rollbacks for faults
    finally:
        if not connection.closed:
            connection.execute(end)


def exposure(connection: psycopg.Connection[Any]) -> str:
    """Say in one sentence how somebody on the way could listen in or answer in the server's place; else "".

    Sockets and this machine's own addresses lead past nobody.
    """
    options = {option.keyword: (option.val or b"").decode() for option in connection.pgconn.info}
    mode, address = options.get(b"sslmode", ""), connection.info.hostaddr
    if mode not in WEAK_SSLMODES or not address or is_local(address):
        return ""
    now = "this time it was encrypted" if connection.pgconn.ssl_in_use else "this time it was not encrypted"
    return (
        f"The connection leads to another machine with sslmode={mode}, which settles for no encryption; {now}. "
        "Set sslmode=verify-full, with the server's certificate authority as sslrootcert."
    )


def is_local(address: str) -> bool:
    """Tell whether an IP address, or the path of a socket, is on this machine."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return address.startswith(("/", "@"))


def place_of(dsn: str) -> str:
    """Say where a connection string leads: service, or host, port and database; never user options or secrets."""
    given = conninfo_to_dict(dsn)
    if service := given.get("service"):
        return safe(f"service {service}")
    host = given.get("host") or given.get("hostaddr") or os.environ.get("PGHOST") or "the local socket"
    port = given.get("port") or os.environ.get("PGPORT") or "5432"
    database = given.get("dbname") or os.environ.get("PGDATABASE") or "the default database"
    return safe(f"{host}:{port}, {database}")

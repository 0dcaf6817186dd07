"""The base of a rehearsal: what is released, built once, filled, asked, frozen, and kept in a cache by content."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from audit.connection import Dsn, TargetError, connect, conninfo
from audit.evidence import safe
from audit.footprint import Footprint
from audit.gate.pending import read
from audit.gate.results import Asked, Reach, Standing
from audit.layouts import name_of
from audit.question import Connection
from audit.results import Migration
from audit.server import embedded, kept
from audit.server.rights import STAND_IN, login
from audit.server.shadow import shadowed
from audit.server.target import PLATFORM, Choice, Say, Target, opened
from audit.server.walls import told

# How long a base is good for at least.
LASTS = dt.timedelta(minutes=30)


class Suite(Protocol):
    """Who can ask policies outside of a run: see :mod:`fixtures.suite`."""

    def ask(
        self,
        connection: Connection,
        unfilled: Mapping[str, str],
        migrations: Sequence[Migration],
        only: frozenset[str] | None = None,
        unlike: Mapping[str, str] | None = None,
        exposed: Sequence[str] = (),
    ) -> Standing:
        """Ask all policies but those of the gate (or ``only`` some) on a superuser's connection to a disposable one.

        ``exposed`` are schemas that are asked about beside those that the API serves.
        """
        ...

    def groups(self) -> Sequence[frozenset[str]]:
        """Return all policies that are asked, by id, in groups: what one of a group finds out serves the others."""
        ...

    def draft(
        self, connection: Connection, unfilled: Mapping[str, str], only: frozenset[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """Return for some tables what could be declared of them, by what is observed: lines of access.toml."""
        ...

    def key(self) -> str:
        """Return what the answers depend on beside the database, as a digest."""
        ...


@dataclass(frozen=True)
class Base:
    """Where new files are tried: a database of a server of our own, and what the suite says of it.

    ``cached``: what it says was asked some time ago. ``unlike`` is what is not as on the live database, of a shadow.
    ``copies`` opens another copy of it, to which nothing was done; ``apart``: on a server of its own.
    """

    target: Target
    server: embedded.Server
    standing: Standing
    cached: bool = False
    unlike: Mapping[str, str] = field(default_factory=dict)
    copies: Callable[[], AbstractContextManager[tuple[Dsn, embedded.Server]]] | None = None
    apart: bool = False


# --- The base, and its cache


def cache_folder() -> Path:
    """Return where bases are kept, between runs: the user's own cache folder."""
    return kept.folder("gate")


def base_key(choice: Choice, released: Sequence[Path]) -> str:
    """Return what a base depends on, as a digest; made-up people age, so that a base is good for a day.

    Raises TargetError when a released file cannot be read.
    """
    today = dt.datetime.now(dt.UTC).date().isoformat()
    config = choice.source.resolve().parent / "config.toml"
    facts = f"{choice.members} {choice.defaults} {today} {choice.parts}"
    try:
        engine = (*kept.engine(choice.postgres_bin), *kept.sources(PLATFORM, ".sql", ".control", ".toml"))
    except OSError as error:
        raise TargetError(f"the audit's own files cannot be read: {safe(str(error))}") from error
    files = [*released, *([config] if config.is_file() else [])]
    parts = [part for path in files for part in (os.fsencode(name_of(path)), read(path))]
    return kept.digest(facts.encode(), *engine, *parts)


@contextmanager
def base_of(choice: Choice, released: Sequence[Path], suite: Suite, cache: Path, say: Say) -> Iterator[Base]:
    """Yield the base on a running server: out of the cache, or built, filled and put there. Raises TargetError.

    Where nothing can be kept, copies are made of what this run keeps for itself.
    """
    with ExitStack() as stack:
        if not kept.is_usable(cache):
            say(f"nothing is kept in {safe(str(cache))}, which is not this user's alone, or cannot be written")
            cache = Path(stack.enter_context(TemporaryDirectory(prefix="audit-gate-")))
        yield stack.enter_context(_base_in(cache / base_key(choice, released), choice, released, suite, say))


@contextmanager
def _base_in(place: Path, choice: Choice, released: Sequence[Path], suite: Suite, say: Say) -> Iterator[Base]:
    @contextmanager
    def make() -> Iterator[kept.Made]:
        with opened(replace(choice, target="embedded", files=tuple(released), gate=False), say) as target:
            assert target.server is not None
            yield target.server, _facts_of(target)

    standing_of = place / f"{suite.key()}.json"
    with kept.serving(place, choice.postgres_bin, make) as (server, known):
        facts = {name: known[name] for name in _FACTS}
        facts["migrations"] = tuple(Migration.of(each) for each in known["migrations"])
        notes = (told(server.walls.standing),)
        target = Target(dsn=login(server.dsn, STAND_IN), server=server, disposable=True, notes=notes, **facts)
        standing = _read(standing_of)
        cached = standing is not None
        if standing is None:
            begun = time.monotonic()
            with connect(target.dsn) as conn:
                standing = suite.ask(conn, target.unfilled, target.migrations)
            _write(standing_of, standing)
            say(f"base: {len(standing.asked)} policies asked ({time.monotonic() - begun:.1f} s)")

        @contextmanager
        def copies() -> Iterator[tuple[Dsn, embedded.Server]]:
            with kept.serving(place, choice.postgres_bin, make) as (another, _):
                yield login(another.dsn, STAND_IN), another

        yield Base(target, server, standing, cached, copies=copies, apart=True)


_FACTS = ("kind", "server_version", "database", "role", "unfilled", "migrations")


def _facts_of(target: Target) -> kept.Facts:
    """Return what is known of a base, for JSON. It lasts for a run at least, whatever ages its rules ask for."""
    until = dt.datetime.now(dt.UTC) + max(target.lasts, LASTS)
    return {
        **{name: getattr(target, name) for name in _FACTS},
        "unfilled": dict(target.unfilled),
        "migrations": [asdict(each) for each in target.migrations],
        "until": until.isoformat(),
    }


@contextmanager
def base_of_live(choice: Choice, suite: Suite, say: Say, footprint: Footprint | None = None) -> Iterator[Base]:
    """Yield the shadow of the live target as the base: its schema, with made-up people. The live one is only read.

    ``footprint`` counts what that asks of the live one. Raises Unchecked when it cannot be made, and TargetError.
    """
    dsn = conninfo(choice.target)
    with shadowed(dsn, choice.postgres_bin, choice.members, say, footprint, choice.parts) as shadow:
        with connect(shadow.dsn) as conn:
            standing = suite.ask(conn, shadow.unfilled, (), unlike=shadow.unlike)
            target = Target(
                kind="shadow",
                dsn=shadow.dsn,
                disposable=True,
                server_version=shadow.server.version,
                database=conn.info.dbname,
                role=conn.info.user,
                unfilled=shadow.unfilled,
                notes=shadow.notes,
                server=shadow.server,
            )
        # Roles belong to the server, so that what is said of a copy is said with the roles as they became.
        template, numbers = "audit_template", itertools.count(1)
        shadow.server.clone_database(template, str(conninfo_to_dict(shadow.dsn)["dbname"]))

        @contextmanager
        def copies() -> Iterator[tuple[Dsn, embedded.Server]]:
            name = f"audit_copy_{next(numbers)}"
            shadow.server.clone_database(name, template)
            try:
                yield Dsn(make_conninfo(shadow.dsn, dbname=name)), shadow.server
            finally:
                shadow.server.drop_database(name)

        yield Base(target, shadow.server, standing, unlike=shadow.unlike, copies=copies)


def _write(path: Path, standing: Standing) -> None:
    document = {
        "asked": {name: asdict(each) for name, each in standing.asked.items()},
        "reach": {name: list(each) for name, each in standing.reach.items()},
        "exposed": list(standing.exposed),
        "took_ms": dict(standing.took_ms),
    }
    draft = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # without it the next run asks again
        draft.write_text(json.dumps(document), encoding="utf-8")
        draft.replace(path)


def _read(path: Path) -> Standing | None:
    """Return what was asked of a base before, or None where that is not there, or not as it was written."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Standing(
            {name: Asked(**each) for name, each in document["asked"].items()},
            {name: Reach(*each) for name, each in document["reach"].items()},
            tuple(document["exposed"]),
            document["took_ms"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None

"""The base of a rehearsal: what is released, built once, filled, asked, frozen, and kept in a cache by content."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
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
from audit.server import embedded
from audit.server.rights import STAND_IN, login
from audit.server.shadow import shadowed
from audit.server.target import PLATFORM, Choice, Say, Target, opened
from audit.server.walls import told

BASES_KEPT = 4
ENGINE = Path(__file__).parents[1]


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
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "care-collective-audit" / "gate"


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:32]


def _sources(folder: Path, *suffixes: str) -> list[bytes]:
    return _parts(sorted(path for path in folder.rglob("*") if path.suffix in suffixes))


def _parts(files: Sequence[Path]) -> list[bytes]:
    """Return names and contents. Raises TargetError."""
    return [part for path in files for part in (os.fsencode(name_of(path)), read(path))]


def base_key(choice: Choice, released: Sequence[Path]) -> str:
    """Return what a base depends on, as a digest; made-up people age, so that a base is good for a day.

    Raises TargetError when a released file cannot be read.
    """
    today = dt.datetime.now(dt.UTC).date().isoformat()
    config = choice.source.resolve().parent / "config.toml"
    facts = f"{embedded.version_of(choice.postgres_bin)} {choice.members} {choice.defaults} {today}"
    facts += f" {choice.parts}"
    sources = (*_sources(ENGINE, ".py", ".sql"), *_sources(PLATFORM, ".sql", ".control", ".toml"))
    return _digest(facts.encode(), *sources, *_parts(released), *_parts([config] if config.is_file() else []))


@contextmanager
def base_of(choice: Choice, released: Sequence[Path], suite: Suite, cache: Path, say: Say) -> Iterator[Base]:
    """Yield the base on a running server: out of the cache, or built, filled and put there. Raises TargetError."""
    place = cache / base_key(choice, released)
    facts_of = place / "facts.json"
    standing_of = place / f"{suite.key()}.json"
    if not facts_of.is_file():
        _build(choice, released, place, say)
    with embedded.serve(choice.postgres_bin, place / "data") as server:
        facts = json.loads(facts_of.read_text(encoding="utf-8"))
        facts["migrations"] = tuple(Migration.of(each) for each in facts["migrations"])
        notes = (told(server.walls.standing),)
        target = Target(dsn=login(server.dsn, STAND_IN), server=server, disposable=True, notes=notes, **facts)
        cached = standing_of.is_file()
        if cached:
            standing = _read(standing_of)
            os.utime(place)
        else:
            begun = time.monotonic()
            with connect(target.dsn) as conn:
                standing = suite.ask(conn, target.unfilled, target.migrations)
            _write(standing_of, standing)
            say(f"base: {len(standing.asked)} policies asked ({time.monotonic() - begun:.1f} s)")

        @contextmanager
        def copies() -> Iterator[tuple[Dsn, embedded.Server]]:
            with embedded.serve(choice.postgres_bin, place / "data") as another:
                yield login(another.dsn, STAND_IN), another

        yield Base(target, server, standing, cached, copies=copies, apart=True)


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


def _build(choice: Choice, released: Sequence[Path], place: Path, say: Say) -> None:
    """Build the base and freeze it in ``place``. Raises TargetError."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=place.parent))
    except OSError as error:
        raise TargetError(f"the cache {safe(str(place.parent))} cannot be written: {error.strerror}") from error
    try:
        with opened(replace(choice, target="embedded", files=tuple(released), gate=False), say) as target:
            facts = {
                "kind": "embedded",
                "server_version": target.server_version,
                "database": target.database,
                "role": target.role,
                "migrations": [asdict(each) for each in target.migrations],
                "unfilled": dict(target.unfilled),
            }
            assert target.server is not None
            target.server.freeze(draft / "data")
        (draft / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        with suppress(OSError):  # another run was quicker, and its base is as good
            draft.rename(place)
        _tidy(place.parent)
    except OSError as error:
        raise TargetError(f"the base cannot be kept in {safe(str(place.parent))}: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _tidy(cache: Path) -> None:
    """Keep the bases that were used last."""
    with suppress(OSError):
        bases = sorted((path for path in cache.iterdir() if path.is_dir()), key=lambda path: -path.stat().st_mtime)
        for path in [path for path in bases if not path.name.startswith(".")][BASES_KEPT:]:
            shutil.rmtree(path, ignore_errors=True)


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


def _read(path: Path) -> Standing:
    document = json.loads(path.read_text(encoding="utf-8"))
    return Standing(
        {name: Asked(**each) for name, each in document["asked"].items()},
        {name: Reach(*each) for name, each in document["reach"].items()},
        tuple(document["exposed"]),
        document["took_ms"],
    )

"""The database under audit: an embedded server, a container or a live database, chosen outside the policies."""

from __future__ import annotations

import datetime as dt
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict

from audit.connection import (
    CONNECT_TIMEOUT_S,
    Dsn,
    TargetError,
    connect,
    conninfo,
    exposure,
    holds_password,
    looks_like_conninfo,
    place_of,
    reading,
)
from audit.evidence import safe
from audit.layouts import config_beside, is_looked_at, recognised, root_of
from audit.migrations import is_dump
from audit.results import Build, Migration, Thing
from audit.server import embedded, kept
from audit.server.rights import OWNER, STAND_IN, follow, hire, login, superuser
from audit.server.steady import steady
from audit.server.upkeep import analyze
from audit.server.walls import ALL, size, told
from audit.server_errors import explain
from audit.settings import Parts
from audit.unbuilt import built, signing_up

SCHEMA = Path(__file__).parents[2] / "schema"
MIGRATIONS = SCHEMA / "migrations"
PLATFORM = SCHEMA / "platform"
MEMBERS = 200
# Whether new tables of public are open to the API roles, as they have been, or not, as in projects of today.
# https://supabase.com/changelog/45329-breaking-change-tables-not-exposed-to-data-and-graphql-api-automatically
DEFAULTS = ("historic", "revoked")

# What is larger is sooner made than room for it.
MOST_BYTES = 512 << 20
# What is out of date sooner is not worth keeping.
SHORT = dt.timedelta(minutes=5)

Say = Callable[[str], None]


# As many people as anybody measures with; a slip of the finger is no order to fill the disk.
MOST_MEMBERS = 1_000_000

# How files begin that hold a dump in another form. https://www.postgresql.org/docs/current/app-pgdump.html (--format)
_FORMS = {
    b"PGDMP": "is a dump in pg_dump's own format: write it as SQL first, pg_restore --file=schema.sql",
    b"\x1f\x8b": "is compressed: unpack it first",
    b"\xff\xfe": "is UTF-16: save it as UTF-8",
    b"\xfe\xff": "is UTF-16: save it as UTF-8",
}


def _no_sql(file: Path) -> str:
    """Say why a file cannot be read as SQL; "" where it can."""
    with file.open("rb") as opened:
        head = opened.read(100_000)
    form = next((reason for start, reason in _FORMS.items() if head.startswith(start)), "")
    if form or not head.strip():
        return form or "is empty: nothing would be built"
    return "is no text: name a file of SQL" if b"\0" in head else ""


@dataclass(frozen=True)
class Choice:
    """What was asked for, on the command line or in the environment. ``migrations`` None means the reference schema.

    A live database is compared with its ``migrations``, and never built from them.

    ``schema`` is a file that is audited in place of migrations, a dump perhaps; ``before`` a file or directory that is
    applied before them. ``strict``: a migration that fails is left out as a whole. ``parts``: which tables play which
    in what is made up. ``files`` are the migrations that are applied, where not all are. ``keep``: what is made is kept
    for later runs, and what an earlier one kept is used.
    """

    target: str = field(default="embedded", repr=False)
    image: str | None = None
    postgres_bin: Path | None = None
    migrations: Path | None = None
    members: int = MEMBERS
    shadow: bool = True
    gate: bool = False
    schema: Path | None = None
    before: Path | None = None
    strict: bool = False
    platform_defaults: str | None = None
    require_walls: bool = False
    parts: Parts = field(default_factory=Parts)
    files: tuple[Path, ...] | None = None
    keep: bool = True

    @property
    def source(self) -> Path:
        """What a disposable database is built from."""
        return self.schema or self.migrations or MIGRATIONS

    @property
    def defaults(self) -> str:
        """What the API roles may do with new tables: as asked for, else as Supabase has had it.

        What pg_dump wrote says itself who may do what, and at its end what new tables are given. It counts on nothing
        being given before that (https://www.postgresql.org/docs/current/app-pgdump.html).
        """
        if self.platform_defaults:
            return self.platform_defaults
        return DEFAULTS[1] if self.source.is_file() and is_dump(self.source) else DEFAULTS[0]

    @property
    def kind(self) -> str:
        """``embedded``, ``container`` or ``live``. Raises TargetError when the target's word means nothing."""
        if self.target in ("embedded", "container"):
            return self.target
        if looks_like_conninfo(self.target):
            return "live"
        # Only a plain word is repeated: anything longer may be a mistyped connection string with a password in it.
        word = f" {self.target!r}" if re.fullmatch(r"[a-z]{1,20}", self.target) else ""
        raise TargetError(
            f"unknown target{word}: say embedded, container, a URL such as postgresql://user@host/database, "
            "or a service such as service=prod"
        )

    def check(self) -> None:
        """Refuse what does not fit together, before anything is started. Raises TargetError."""
        kind = self.kind
        if kind == "live":
            conninfo(self.target)
        if kind == "container" and not self.image:
            raise TargetError("--target container needs --image NAME, a PostgreSQL image")
        if kind != "container" and self.image:
            raise TargetError("--image is for --target container only")
        if kind == "container" and self.postgres_bin:
            raise TargetError("--postgres-bin is not for --target container, which brings its own programs")
        if kind == "live" and self.postgres_bin and not self.shadow and not self.migrations:
            raise TargetError("--postgres-bin is of no use without the shadow of a live database, or migrations")
        if kind != "live" and not self.shadow:
            raise TargetError("--no-shadow is for a live target only")
        if self.schema and (self.migrations or kind == "live" or self.gate):
            raise TargetError("--schema is a file to audit by itself: leave out --migrations, a live target and --gate")
        if self.before and (self.gate or (kind == "live" and not self.migrations)):
            raise TargetError("--before is for an audit of migrations, not for a live target alone or a gate")
        if self.platform_defaults not in (None, *DEFAULTS):
            raise TargetError(f"--platform-defaults must be {' or '.join(DEFAULTS)}")
        if kind == "live" and self.platform_defaults:
            raise TargetError("--platform-defaults is not for a live target, which has its own")
        if self.require_walls and kind != "container":
            require(embedded.Account.for_server().walls.standing)
        if not 0 <= self.members <= MOST_MEMBERS:
            raise TargetError(f"--members must be 0 or more, and at most {MOST_MEMBERS:,}")
        if self.postgres_bin and not self.postgres_bin.is_dir():
            raise TargetError(f"--postgres-bin: there is no directory {safe(str(self.postgres_bin))}")
        # A dump is a file, and is audited as --schema has it.
        if (place := self.migrations) and not (place.is_dir() or (place.is_file() and not self.gate)):
            raise TargetError(f"--migrations: there is no directory {safe(str(place))}")
        if self.schema and not self.schema.is_file():
            raise TargetError(f"--schema: there is no file {safe(str(self.schema))}")
        if self.schema and (reason := _no_sql(self.schema)):
            raise TargetError(f"--schema: {safe(str(self.schema))} {reason}")
        if self.before and not self.before.exists():
            raise TargetError(f"--before: there is no file or directory {safe(str(self.before))}")

    def describe(self) -> str:
        """Say in a few words what will be audited; never a secret. Raises TargetError."""
        if self.kind == "live":
            beside = f"; compared with {recognised(self.migrations)}" if self.migrations and not self.gate else ""
            return f"live, {place_of(self.target)}{beside}"
        what = f"; {recognised(self.source)}" if self.schema or self.migrations else ""
        if self.kind == "container":
            return f"container, {safe(str(self.image))}{what}"
        return f"embedded, PostgreSQL {embedded.version_of(self.postgres_bin)}{what}"


@dataclass(frozen=True)
class Target:
    """A database that can be asked. ``dsn`` may hold a password and does not show itself.

    Of a disposable database it is the stand-in's, who is no superuser (:mod:`audit.server.rights`). ``disposable``
    databases may be written to; ``unfilled`` says for tables without rows why the seeds left them empty, ``undecided``
    which conditions of policies no row decides; ``server`` is there for the embedded kind and can clone databases;
    ``system`` is the server's system identifier, by which it is known for life, or None where it is not told;
    ``build`` is what became of all migrations together; ``lasts`` is how long made-up people are as old as they are to
    be.
    """

    kind: str
    dsn: Dsn
    disposable: bool
    server_version: str
    database: str
    role: str
    migrations: tuple[Migration, ...] = ()
    build: Build | None = None
    unfilled: Mapping[str, str] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    server: embedded.Server | None = None
    system: str | None = None
    lasts: dt.timedelta = dt.timedelta(0)


def _silent(_: str) -> None:
    """Say nothing."""


@contextmanager
def opened(choice: Choice | None = None, say: Say = _silent) -> Iterator[Target]:
    """Start and fill a disposable target, or reach a live one; whatever was started is gone afterwards.

    ``say`` receives a line of progress now and then. Raises TargetError with one sentence for a person.
    """
    choice = choice or Choice()
    choice.check()
    start = time.monotonic()
    if choice.kind == "live":
        yield _reach(choice)
    elif choice.kind == "container":
        from audit.server import container  # not above: few runs have one

        say(f"container {safe(str(choice.image))}: starting")
        with container.serve(str(choice.image)) as contained:
            if choice.require_walls:
                require(contained.standing)
            with _filling(choice.kind, contained.dsn), superuser(contained.dsn) as connection:
                platform = load_platform(connection, choice.defaults)
            built = _build(choice, contained.dsn)
            _tell(say, built, choice, start, platform)
            yield replace(built, notes=(*built.notes, told(contained.standing)))
    else:
        yield from _embedded(choice, start, say)


# Questions name what the catalogues and statistics of older servers do not have.
OLDEST = 130000


def _reach(choice: Choice) -> Target:
    dsn = conninfo(choice.target)
    notes: tuple[str, ...] = ()
    if holds_password(dsn):
        notes = (
            "The connection string holds a password, which other users of the machine can see in the process list; "
            "a password file or a service file keeps it private.",
        )
    with connect(dsn, patience_s=CONNECT_TIMEOUT_S) as connection:
        if connection.info.server_version < OLDEST:
            major = connection.info.server_version // 10000
            raise TargetError(
                f"{place_of(dsn)} is PostgreSQL {major}: {OLDEST // 10000} or newer can be audited, upgrade it first"
            )
        if exposed := exposure(connection):
            notes += (exposed,)
        try:
            with reading(connection, statement_timeout=str(1000 * CONNECT_TIMEOUT_S)):
                facts = _facts(connection)
        except psycopg.Error as error:
            raise TargetError(f"{place_of(dsn)} does not answer: {explain(error, dsn)}") from error
        return Target("live", dsn, disposable=False, notes=notes, **facts)


def require(standing: Sequence[str]) -> None:
    """Raise TargetError where a wall is missing."""
    if missing := [name for name in ALL if name not in standing]:
        raise TargetError(
            f"--require-walls: the server that runs the project's SQL would go without {', '.join(missing)}; "
            "install bubblewrap (bwrap), and let it make namespaces"
        )


def _embedded(choice: Choice, start: float, say: Say) -> Iterator[Target]:
    """Yield the target on a server of ours: what an earlier run kept of the same, or made anew."""

    @contextmanager
    def make() -> Iterator[kept.Made]:
        with with_platform(choice.postgres_bin, choice.defaults, keep=choice.keep) as server:
            facts = _to_keep(_build(choice, server.dsn))
            yield server, {**facts, "keep": facts["keep"] and size(server.directory) <= MOST_BYTES}

    with kept.serving(_place_of(choice), choice.postgres_bin, make) as (server, facts):
        target = replace(
            _kept(facts),
            dsn=login(server.dsn, STAND_IN),
            server=server,
            notes=(*facts["notes"], told(server.walls.standing)),
        )
        _tell(say, target, choice, start)
        yield target


@contextmanager
def once_more(choice: Choice) -> Iterator[Target | None]:
    """Yield an embedded target once more, on a server of its own, if it was kept; None where it was not."""
    place = _place_of(choice)
    with ExitStack() as stack:
        made = kept.found(place, choice.postgres_bin, stack) if place else None
        if made is None:
            yield None
            return
        server, facts = made
        yield replace(_kept(facts), dsn=login(server.dsn, STAND_IN), server=server)


def _tell(say: Say, target: Target, choice: Choice, start: float, platform: str = "platform") -> None:
    """Say what was made, and how long that took."""
    failed = sum(migration.error is not None for migration in target.migrations)
    made = f"{len(target.migrations):,} migration{'' if len(target.migrations) == 1 else 's'}"
    failures = f" ({failed} failed)" if failed else ""
    took = f"{choice.members} members ({time.monotonic() - start:.1f} s)"
    say(f"{target.kind} PostgreSQL {target.server_version}: {platform}, {made}{failures}, {took}")


@contextmanager
def with_platform(
    postgres_bin: Path | None, defaults: str = DEFAULTS[0], *, keep: bool = True
) -> Iterator[embedded.Server]:
    """Yield a server of ours with what Supabase brings, and nothing else. Raises TargetError.

    None of a project's code has been there, so that one is kept for all projects.
    """

    @contextmanager
    def make() -> Iterator[kept.Made]:
        with embedded.serve(postgres_bin) as server:
            with _filling("embedded", server.dsn), superuser(server.dsn) as connection:
                load_platform(connection, defaults)
            yield server, {}

    place = None
    if keep:
        with suppress(OSError, TargetError):
            parts = (*kept.engine(postgres_bin), *kept.sources(PLATFORM, ".sql", ".control", ".toml"))
            place = kept.folder("platform") / kept.digest(defaults.encode(), *parts)
    with kept.serving(place, postgres_bin, make) as (server, _):
        yield server


def _place_of(choice: Choice) -> Path | None:
    """Return where such a target is kept, by all that it depends on; None where it is not kept.

    What only a run of the gate knows, which files are released, the gate's own cache is for.
    """
    if not choice.keep or choice.files is not None:
        return None
    try:
        parts = (*kept.engine(choice.postgres_bin), *kept.sources(PLATFORM, ".sql", ".control", ".toml"))
        files = [part for place in (choice.source, choice.before) if place for part in _read_for(place)]
    except (OSError, TargetError):  # said when it is built
        return None
    return kept.folder("targets") / kept.digest(_told(choice).encode(), *parts, *files)


def _told(choice: Choice) -> str:
    """Return what was asked for that has a say in what is made, and the day: dates are of today."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return repr((choice.members, choice.defaults, choice.strict, choice.parts, today))


def _read_for(place: Path) -> list[bytes]:
    """Return all that is read, or looked at, in and beside a directory of migrations or a file. Raises TargetError."""
    layout = recognised(place)  # nothing leads out of the project, and nothing is a pipe
    beside = config_beside(place)
    root = root_of(place) if place.is_dir() else place
    names = sorted(path for path in root.rglob("*") if is_looked_at(path, root)) if place.is_dir() else [place]
    files = [path for path in names if path.is_file()]
    told = [str(root.resolve()), str(layout), repr(beside), *(str(path) for path in names if path not in files)]
    return [*map(os.fsencode, told), *kept.contents(files)]


def _to_keep(target: Target) -> kept.Facts:
    """Return what is known of a target, for JSON. What lacks a baseline depends on the whole repository: not kept."""
    assert target.build is not None
    until = dt.datetime.now(dt.UTC) + target.lasts
    nowhere = [[list(thing), place] for thing, place in target.build.nowhere.items()]
    build = asdict(replace(target.build, nowhere={})) | {"nowhere": nowhere}
    return {
        "keep": not target.build.nowhere and target.lasts >= SHORT,
        "until": until.isoformat(),
        "migrations": [asdict(each) for each in target.migrations],
        "build": build,
        "unfilled": dict(target.unfilled),
        **{name: getattr(target, name) for name in _PLAIN},
    }


_PLAIN = ("kind", "disposable", "server_version", "database", "role", "undecided", "notes", "system")


def _kept(facts: kept.Facts) -> Target:
    def plain(known: Mapping[str, Any]) -> dict[str, Any]:
        return {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}

    return Target(
        dsn=Dsn(""),
        migrations=tuple(Migration.of(each) for each in facts["migrations"]),
        build=Build(
            **plain(facts["build"]) | {"nowhere": {Thing(*each): at for each, at in facts["build"]["nowhere"]}}
        ),
        unfilled=facts["unfilled"],
        **plain({name: facts[name] for name in _PLAIN}),
    )


@contextmanager
def _filling(kind: str, dsn: Dsn) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise TargetError(f"the {kind} database could not be filled: {explain(error, dsn)}") from error


def _build(choice: Choice, dsn: Dsn) -> Target:
    """Make the one database of a server with the platform what it is to be. ``dsn`` is the superuser's."""
    with _filling(choice.kind, dsn), superuser(dsn) as connection:
        hire(connection, str(conninfo_to_dict(dsn).get("password") or ""))
    return made(choice, dsn)


def made(choice: Choice, dsn: Dsn) -> Target:
    """Make a database with the platform, on whose server the stand-in was hired, what it is to be.

    Migrations, seeds and statistics come into it; ``dsn`` is the superuser's. Raises TargetError.
    """
    from audit.seeding.seeds import plant  # not above: what was kept is filled already

    with _filling(choice.kind, dsn):
        with connect(login(dsn, OWNER)) as connection:
            migrations, build = built(
                connection, choice.source, choice.before, piecewise=not choice.strict, files=choice.files
            )
        with superuser(dsn) as connection:
            follow(connection)
            build = replace(build, notes=tuple(filter(None, (*build.notes, signing_up(connection, choice.source)))))
        dsn = login(dsn, STAND_IN)
        with connect(dsn) as connection:
            with steady(connection):
                planted = plant(connection, choice.members, choice.parts)
                if connection.info.server_version >= 150000:
                    # Counted at once, not up to a second later: rows counted after ANALYZE would pass for changes
                    # since.
                    connection.execute("select pg_catalog.pg_stat_force_next_flush()")
                analyze(connection)
            facts = _facts(connection)
    return Target(
        choice.kind,
        dsn,
        disposable=True,
        migrations=migrations,
        build=build,
        unfilled=planted.unfilled,
        undecided=planted.undecided,
        notes=(*build.notes, *planted.remarks),
        lasts=planted.lasts,
        **facts,
    )


def load_platform(connection: psycopg.Connection[Any], defaults: str = DEFAULTS[0]) -> str:
    """Create what Supabase brings, unless the server is a Supabase image and has it. Raises TargetError.

    ``defaults`` is one of ``DEFAULTS``: what the API roles may do with new tables of public.
    """
    if _scalar(connection, "select to_regclass('auth.users') is not null"):
        return "platform of the image"
    connection.execute("select pg_catalog.set_config('audit.platform_defaults', %s, false)", [defaults])
    for file in sorted(PLATFORM.glob("*.sql")):
        try:
            connection.execute(file.read_bytes())
        except psycopg.Error as error:
            message = safe(error.diag.message_primary or str(error))
            raise TargetError(f"schema/platform/{file.name} does not run on this server: {message}") from error
    return "platform"


def _facts(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Ask what may be told about the target."""
    return {
        "server_version": str(_scalar(connection, "select current_setting('server_version')")).split()[0],
        "database": str(_scalar(connection, "select pg_catalog.current_database()")),
        "role": str(_scalar(connection, "select current_user")),
        "system": _system(connection),
    }


def _system(connection: psycopg.Connection[Any]) -> str | None:
    """Return the identifier that initdb gave the server; some providers have no such function, or keep it back."""
    try:
        return str(_scalar(connection, "select system_identifier from pg_catalog.pg_control_system()"))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction):
        return None


def _scalar(connection: psycopg.Connection[Any], query: LiteralString) -> object:
    row = connection.execute(query).fetchone()
    return row[0] if row else None

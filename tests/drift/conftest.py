"""Two databases that are alike, on servers of different versions, of which one is then changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit.connection import Dsn, connect
from audit.drift.building import read
from audit.drift.catalogue import Catalogue
from audit.drift.printing import Printer
from audit.migrations import apply
from audit.question import Connection
from audit.server import embedded
from audit.server.rights import OWNER, STAND_IN, follow, hire, login, superuser
from audit.server.target import DEFAULTS, load_platform

HERE = Path(__file__).parent
BASE = HERE / "base.sql"
FIFTEEN = Path("/usr/lib/postgresql/15/bin")


@dataclass
class Side:
    """One of the two databases: ``dsn`` is the superuser's, and ``printer`` works on a copy."""

    server: embedded.Server
    dsn: Dsn
    catalogue: Catalogue
    printer: Printer
    changer: Connection


@contextmanager
def side(place: Path, postgres_bin: Path | None) -> Iterator[Side]:
    """Build a directory of migrations, or a file, on a server of its own."""
    with embedded.serve(postgres_bin) as server:
        build(server.dsn, place)
        with connect(login(server.dsn, STAND_IN)) as connection:
            catalogue = read(connection)
        # Printing makes things and undoes them, for which what a test holds locked stands in the way.
        with (
            connect(login(server.clone_database("printing"), STAND_IN)) as connection,
            connect(login(server.dsn, "supabase_admin"), autocommit=False) as changer,
        ):
            changer.prepare_threshold = 2
            yield Side(server, server.dsn, catalogue, Printer(connection), changer)


def build(dsn: Dsn, place: Path, defaults: str = DEFAULTS[0]) -> None:
    with superuser(dsn) as connection:
        load_platform(connection, defaults)
        hire(connection)
    with connect(login(dsn, OWNER)) as connection:
        (*_, last) = apply(connection, place)
        assert last.error is None, last.error
    with superuser(dsn) as connection:
        follow(connection)


@pytest.fixture(scope="session")
def mine() -> Iterator[Side]:
    """What the migrations build, on the server of the wheel."""
    with side(BASE, None) as made:
        yield made


@pytest.fixture(scope="session")
def lives() -> Iterator[Callable[[str], Side]]:
    """Return what makes the live database, once for each version of the server."""
    made: dict[str, Side] = {}
    with ExitStack() as stack:

        def live(version: str) -> Side:
            if version == "15" and not FIFTEEN.is_dir():
                pytest.skip("there is no PostgreSQL 15 on this machine")
            if version not in made:
                made[version] = stack.enter_context(side(BASE, FIFTEEN if version == "15" else None))
            return made[version]

        yield live


@contextmanager
def changing(on: Side) -> Iterator[Connection]:
    """Open a transaction of the superuser that is rolled back."""
    try:
        yield on.changer
    finally:
        on.changer.rollback()

"""One server for many small projects: each is built in a database of its own, asked, and taken away."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.access.declaration import Access
from audit.connection import connect
from audit.gate.results import Standing
from audit.server.embedded import Server
from audit.server.rights import hire, superuser
from audit.server.target import Choice, Target, made, with_platform
from audit.settings import Settings
from fixtures.suite import Suite


class Ground:
    """A server with the platform in it. Roles and their settings are shared by all that is built here."""

    def __init__(self, server: Server, postgres_bin: Path | None = None) -> None:
        self.server = server
        self.postgres_bin = postgres_bin
        self.numbers = itertools.count(1)

    @contextmanager
    def built(self, choice: Choice) -> Iterator[Target]:
        """Yield a project's database, made as a disposable target is."""
        name = f"ground_{next(self.numbers)}"
        dsn = self.server.clone_database(name)
        try:
            yield made(choice, dsn)
        finally:
            self.server.drop_database(name)

    def asked(self, choice: Choice, settings: Settings, access: Access, only: frozenset[str] | None = None) -> Standing:
        """Return what the suite, or ``only`` some policies, say of a project."""
        with self.built(choice) as target, connect(target.dsn) as connection:
            return Suite(settings, access).ask(connection, target.unfilled, target.migrations, only)


@contextmanager
def ground(postgres_bin: Path | None = None) -> Iterator[Ground]:
    """Yield a ground on a server of its own."""
    with with_platform(postgres_bin) as server:
        with superuser(server.dsn) as connection:
            hire(connection)
        yield Ground(server, postgres_bin)

"""One server for many small projects: each is built in a database of its own, asked, and taken away."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.access.declaration import Access
from audit.access.parameters import parameters
from audit.access.results import Judgement
from audit.actors import Stage
from audit.connection import connect
from audit.evidence import Log
from audit.gate.results import Standing
from audit.policy import everything
from audit.results import Verdict
from audit.server.embedded import Server
from audit.server.rights import hire, superuser
from audit.server.target import Choice, Target, made, with_platform
from audit.settings import Settings
from fixtures.askers import Disposable
from fixtures.suite import Suite, put
from reports.model import Finding, Run
from reports.repeats import note
from reports.verdicts import UNKNOWN, result_of


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

    def told(self, choice: Choice, settings: Settings, access: Access) -> list[Finding]:
        """Return the findings of a whole audit that count: of each cause, the one that tells it best."""
        suite, judgements = Suite(settings, access), list[Judgement]()
        asked = [each for each in everything() if suite.has(each) and settings.asks(each)]
        with self.built(choice) as target, connect(target.dsn) as connection:
            known = parameters(connection, settings, access)
            rulings = [
                put(each, Disposable(Stage(connection, known, Log(), target.unfilled), judgements, target.migrations))
                for each in asked
            ]
        run = Run(dt.datetime.now(dt.UTC), 0.0, UNKNOWN, tuple(map(result_of, rulings)))
        return [
            finding
            for result in note(run).having(Verdict.VIOLATED)
            for finding in result.findings
            if not finding.told_by
        ]


@contextmanager
def ground(postgres_bin: Path | None = None) -> Iterator[Ground]:
    """Yield a ground on a server of its own."""
    with with_platform(postgres_bin) as server:
        with superuser(server.dsn) as connection:
            hire(connection)
        yield Ground(server, postgres_bin)

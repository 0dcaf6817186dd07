"""The suite, asked outside of a run: every policy on one connection, each in a transaction of its own.

The gate asks it of a database before and after a migration, and the proofs ask it of sabotaged ones. It stands with the
reports, because it judges; the gate, which stands below, gets it handed down as a fixture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from psycopg.pq import TransactionStatus

from audit.access.declaration import Access
from audit.access.matrix import Judgement, Matrix
from audit.actors import Owner, Stage
from audit.auditor import Auditor
from audit.evidence import Log
from audit.gate.results import Asked, Reach, Standing
from audit.migrations import Migration
from audit.people import CAST, GROUPS
from audit.question import Connection
from audit.settings import Settings
from fixtures.askers import ask_migrations, parameters
from fixtures.policy import Policy
from reports.handbook import collected
from reports.model import Result, Waiver
from reports.verdicts import judge

# Askers that a disposable database has, by the name of their fixture, beside the people.
Askers = Mapping[str, Callable[[Stage], object]]

SOURCES = ("audit", "fixtures", "policies", "reports")


def put(policy: Policy, stage: Stage, askers: Askers, accepted: Sequence[Waiver] = ()) -> Result:
    """Ask one policy on a stage, undo all that it did, and judge it."""
    connection = stage.connection
    nested = connection.info.transaction_status != TransactionStatus.IDLE
    connection.execute("savepoint policy" if nested else "begin")
    error: BaseException | None = None
    try:
        given = {name: stage.actor(name) if name in (*CAST, *GROUPS) else askers[name](stage) for name in policy.askers}
        policy.function(**given)
    except pytest.exit.Exception:  # somebody ends the run
        raise
    except Exception as raised:  # noqa: BLE001 -- whatever it is, the verdict says so
        error = raised
    except pytest.skip.Exception as skipped:
        error = skipped
    connection.execute("rollback to savepoint policy; release savepoint policy" if nested else "rollback")
    return judge(policy, stage.log, error, accepted)


def askers_of(connection: Connection, judgements: list[Judgement], migrations: Sequence[Migration]) -> Askers:
    """Return the askers of a disposable database; ``judgements`` keeps its access matrix."""
    return {
        "auditor": lambda stage: Auditor(lambda: connection, stage.known, stage.log),
        "owner": Owner,
        "matrix": lambda stage: Matrix(stage, judgements),
        "failed_migrations": lambda stage: ask_migrations(migrations, stage.log),
    }


class Suite:
    """All policies that can be asked of a disposable database: not those of the gate, nor about a database's life."""

    def __init__(self, settings: Settings, access: Access) -> None:
        self.settings = settings
        self.access = access

    def ask(
        self,
        connection: Connection,
        unfilled: Mapping[str, str],
        migrations: Sequence[Migration],
        only: frozenset[str] | None = None,
        unlike: Mapping[str, str] | None = None,
    ) -> Standing:
        """Ask all policies, or ``only`` some, on a superuser's connection that is in no transaction."""
        judgements: list[Judgement] = []
        askers = askers_of(connection, judgements, migrations)
        known = parameters(connection, self.settings, self.access)
        results = [
            put(policy, Stage(connection, known, Log(), unfilled, unlike), askers)
            for policy in collected()
            if self.has(policy) and (only is None or policy.id in only)
        ]
        cells = judgements[0].cells if judgements else ()
        return Standing(
            {result.id: _asked(result) for result in results},
            {cell.object: Reach(str(cell.verdict), cell.rows, cell.reached, cell.leaked) for cell in cells},
        )

    @staticmethod
    def has(policy: Policy) -> bool:
        """Tell whether a policy is one of those that are asked before and after a migration."""
        known = {*CAST, *GROUPS, "auditor", "owner", "matrix"}
        return not policy.needs and {*policy.askers} <= known

    def key(self) -> str:
        """Return a digest of what the answers depend on beside the database: the code, settings and declarations."""
        digest = hashlib.sha256(repr((self.settings, self.access)).encode())
        root = Path(__file__).parents[1]
        for folder in SOURCES:
            for path in sorted((root / folder).rglob("*")):
                if path.suffix in (".py", ".sql"):
                    digest.update(path.read_bytes())
        return digest.hexdigest()[:32]


def _asked(result: Result) -> Asked:
    return Asked(
        result.id,
        result.title,
        str(result.severity),
        str(result.verdict),
        result.reason,
        {finding.object: finding.fix for finding in result.findings},
    )


@pytest.fixture(scope="session")
def suite(settings: Settings, access: Access) -> Suite:
    """Return the suite with the settings and declarations of this run."""
    return Suite(settings, access)

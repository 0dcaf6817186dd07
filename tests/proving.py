"""How a proof is made: a sabotage is read, and policies are asked on the reference database, outside of a run."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL

from fixtures import live
from fixtures.actors import Owner, Stage
from fixtures.asking import Connection
from fixtures.auditor import Auditor
from fixtures.cast import CAST, GROUPS
from fixtures.evidence import Log
from fixtures.growth import WEEK, Sizes, compared, measure
from fixtures.matrix import Judgement, Matrix
from fixtures.migrations import apply, statements
from fixtures.policy import Policy
from fixtures.questions import ask_migrations
from fixtures.target import Target
from reports.handbook import collected
from reports.model import Result, Verdict, Waiver
from reports.verdicts import judge

# Vacuuming takes as long as a few proofs; what they leave behind slows them down little by little.
CLEAN_EVERY = 20

SABOTAGE = Path(__file__).parent / "sabotage"

CLEAN = (Verdict.HOLDS, Verdict.NOT_APPLICABLE)

KEYS = ("also", "object", "set", "on")


POLICIES = {policy.id: policy for policy in collected()}


@dataclass(frozen=True)
class Sabotage:
    """One SQL file that breaks a policy on purpose, or (innocent) looks as if it did.

    Its first comment lines may say: ``also`` (ids of policies that must fail too), ``object`` (the expected object,
    exactly or as a pattern; one line each), ``set`` (settings and declarations for this proof, in TOML), ``on``
    ("clone": a transaction cannot hold it; "migration": the file is applied as the last migration).
    """

    path: Path
    policy: str
    innocent: bool
    sql: str
    also: frozenset[str] = frozenset()
    objects: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    on: str = "transaction"

    def expects(self, found: set[str]) -> bool:
        """Tell whether the objects found are those expected: each is one, and each expected one was found."""
        return all(any(fnmatchcase(f, o) for o in self.objects) for f in found) and all(
            any(fnmatchcase(f, o) for f in found) for o in self.objects
        )


def read(path: Path) -> Sabotage:
    """Read a sabotage file. Raises ValueError with one sentence when its name or first comment is not as it must be."""
    policy, _, rest = path.name.partition(".")
    sql = path.read_text(encoding="utf-8")
    header: dict[str, list[str]] = {key: [] for key in KEYS}
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        key, colon, value = line.removeprefix("--").strip().partition(":")
        if colon and key in KEYS:
            header[key].append(value.strip())
    innocent = rest.endswith(".innocent.sql")
    if policy not in POLICIES:
        raise ValueError(f"{path.name}: the name must begin with the id of a policy")
    if not innocent and not header["object"]:
        raise ValueError(f"{path.name}: the first comment must say the expected object, '-- object: public.profiles'")
    return Sabotage(
        path=path,
        policy=policy,
        innocent=innocent,
        sql=sql,
        also=frozenset(" ".join(header["also"]).replace(",", " ").split()),
        objects=tuple(header["object"]),
        settings=tomllib.loads("\n".join(header["set"])),
        on=header["on"][0] if header["on"] else "transaction",
    )


def all_sabotages() -> list[Sabotage]:
    """Return every sabotage and innocent look-alike, by name."""
    return [read(path) for path in sorted(SABOTAGE.glob("*.sql"))]


class Bench:
    """A reference database on which policies are asked, sabotaged and mended, one proof after the other.

    ``connection`` is to a copy of the target's database: the database itself has no connections, so it can be cloned.
    """

    def __init__(
        self, target: Target, known: Mapping[str, Any], connection: Connection, accepted: Sequence[Waiver] = ()
    ) -> None:
        self.target = target
        self.accepted = accepted
        self.known = known
        self.connection = connection
        self.clones = itertools.count(1)
        self.proofs = itertools.count(1)
        self.migrations = target.migrations
        self.questions: dict[str, set[str]] = {}
        # The access matrix: of the untouched database, which is observed once, and as it is now.
        self.untouched: list[Judgement] = []
        self.judgements = self.untouched
        # How large everything was when the proof began.
        self.sizes: Sizes | None = None

    def ask(self, policy: Policy, connection: Connection, settings: Mapping[str, Any] | None = None) -> Result:
        """Ask one policy on a connection that is inside a transaction, and judge it."""
        known = {**self.known, **(settings or {})}
        log = Log()
        stage = Stage(connection, known, log, self.target.unfilled)
        askers = {
            name: stage.actor(name) if name in (*CAST, *GROUPS) else self._asker(name, stage, connection)
            for name in policy.askers
        }
        nested = connection.info.transaction_status != TransactionStatus.IDLE
        connection.execute("savepoint policy" if nested else "begin")
        error: BaseException | None = None
        try:
            policy.function(**askers)
        except pytest.exit.Exception:  # somebody ends the run
            raise
        except Exception as raised:  # noqa: BLE001 -- whatever it is, the verdict says so
            error = raised
        except pytest.skip.Exception as skipped:
            error = skipped
        connection.execute("rollback to savepoint policy; release savepoint policy" if nested else "rollback")
        self.questions.setdefault(policy.id, set()).update(evidence.question for evidence in log.asked)
        return judge(policy, log, error, self.accepted)

    def _asker(self, name: str, stage: Stage, connection: Connection) -> object:
        askers: dict[str, Callable[[], object]] = {
            "auditor": lambda: Auditor(lambda: connection, stage.known, stage.log),
            "owner": lambda: Owner(stage),
            "matrix": lambda: Matrix(stage, self.judgements),
            "growth": lambda: self._growth(Auditor(lambda: connection, stage.known, stage.log)),
            "failed_migrations": lambda: ask_migrations(self.migrations, stage.log),
        }
        return askers[name]()

    def _growth(self, auditor: Auditor) -> Callable[[], dict[str, Any]]:
        return lambda: compared(measure(auditor), self.sizes)

    def _measure(self, connection: Connection) -> None:
        """Measure at the beginning of a proof, as if that had been a week ago."""
        now = measure(Auditor(lambda: connection, self.known, Log()))
        self.sizes = replace(now, at=now.at - WEEK)

    @contextmanager
    def proof(self, sabotage: Sabotage) -> Iterator[Scene]:
        """Yield a place to break and mend; afterwards the reference database is as before."""
        self.judgements = [] if sabotage.settings else self.untouched
        if sabotage.on != "transaction":
            name = f"clone_{next(self.clones)}"
            dsn = self.target.server.clone_database(name)
            try:
                with live.connect(dsn) as connection:
                    self._measure(connection)
                    try:
                        yield Scene(self, connection, sabotage, in_transaction=False)
                    finally:
                        _end_prepared_transactions(connection)
            finally:
                self.migrations = self.target.migrations
                self.judgements = self.untouched
                self.sizes = None
                self.target.server.drop_database(name)
        else:
            self.connection.execute("begin")
            try:
                self._measure(self.connection)
                yield Scene(self, self.connection, sabotage, in_transaction=True)
            finally:
                self.connection.execute("rollback")
                self.judgements = self.untouched
                self.sizes = None
                if next(self.proofs) % CLEAN_EVERY == 0:
                    self._clean_up()

    def _clean_up(self) -> None:
        """Remove what no rollback removes: dead rows, and the counts of them in the statistics."""
        self.connection.execute(
            """
            do $$ begin
                if current_setting('server_version_num')::int >= 150000 then perform pg_stat_force_next_flush(); end if;
            end $$
            """
        )
        self.connection.execute("vacuum")
        self.connection.execute("select pg_catalog.pg_stat_reset()")


def _end_prepared_transactions(connection: Connection) -> None:
    """End what was prepared and left: a database that has such transactions cannot be dropped."""
    connection.rollback()
    left = "select gid from pg_catalog.pg_prepared_xacts where database = pg_catalog.current_database()"
    for (gid,) in connection.execute(left).fetchall():
        connection.execute(SQL("rollback prepared {}").format(gid))


@dataclass(frozen=True)
class Scene:
    """Where one proof takes place."""

    bench: Bench
    connection: Connection
    sabotage: Sabotage
    in_transaction: bool

    def ask(self, policy: str) -> Result:
        """Ask one policy, with the settings that the sabotage asks for."""
        return self.bench.ask(POLICIES[policy], self.connection, self.sabotage.settings)

    def execute(self, sql: str) -> None:
        """Execute statements, one by one where a transaction cannot hold them; statistics are read afresh then."""
        self.bench.judgements = []
        if self.in_transaction:
            self.connection.execute(sql)
            self.connection.execute("reset role; select pg_catalog.pg_stat_clear_snapshot()")
        elif self.sabotage.on == "migration":
            with TemporaryDirectory() as directory:
                Path(directory, self.sabotage.path.name).write_text(sql, encoding="utf-8")
                self.bench.migrations += apply(self.connection, Path(directory))
        else:
            for statement in statements(sql):
                self.connection.execute(statement.text)

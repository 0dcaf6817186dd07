"""How a proof is made: a sabotage is read, and policies are asked on the reference database, outside of a run."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg.pq import TransactionStatus
from psycopg.sql import SQL

from fixtures import live
from fixtures.actors import Stage
from fixtures.asking import Connection
from fixtures.auditor import Auditor
from fixtures.evidence import Log
from fixtures.gate import Base, Rehearsal, Standing, judge_versions, opened_gate, rehearse
from fixtures.growth import WEEK, Sizes, compared, measure
from fixtures.matrix import Judgement
from fixtures.migrations import apply, find, statements
from fixtures.newfiles import NewFiles
from fixtures.policy import Policy
from fixtures.target import MIGRATIONS, Target
from reports.handbook import collected
from reports.model import Result, Verdict, Waiver
from reports.suite import Suite, askers_of, put

# Vacuuming takes as long as a few proofs; what they leave behind slows them down little by little.
CLEAN_EVERY = 20

SABOTAGE = Path(__file__).parent / "sabotage"

CLEAN = (Verdict.HOLDS, Verdict.NOT_APPLICABLE)

KEYS = ("also", "object", "set", "on", "file")


# They look at all access at once, so that nearly every hole in it is theirs too, and take their time.
OVERALL = frozenset(
    ["RLS-07", "RLS-08", "RLS-09", "RLS-13", "RLS-15", "RLS-19", "EXPO-05", "EXPO-11", "SCHEMA-04", "AUTH-08"]
)

POLICIES = {policy.id: policy for policy in collected()}


@dataclass(frozen=True)
class Sabotage:
    """One SQL file that breaks a policy on purpose, or (innocent) looks as if it did.

    Its first comment lines may say: ``also`` (ids of policies that must fail too), ``object`` (the expected object,
    exactly or as a pattern; one line each), ``set`` (settings and declarations for this proof, in TOML), ``on``
    ("clone": a transaction cannot hold it; "migration": the file is applied as the last migration; "gate": it is a new
    migration, by the name that ``file`` says, and judged by the gate).
    """

    path: Path
    policy: str
    innocent: bool
    sql: str
    also: frozenset[str] = frozenset()
    objects: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    on: str = "transaction"
    file: str = ""

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
        file=header["file"][0] if header["file"] else f"29990101000000_{rest.partition('.')[0]}.sql",
    )


def all_sabotages() -> list[Sabotage]:
    """Return every sabotage and innocent look-alike, by name."""
    return [read(path) for path in sorted(SABOTAGE.glob("*.sql"))]


class ThriftySuite(Suite):
    """The suite as the proofs of the gate have it asked: of those that take their time only the access matrix."""

    @staticmethod
    def has(policy: Policy) -> bool:
        return Suite.has(policy) and policy.id not in OVERALL - {"RLS-07", "RLS-08"}


class Bench:
    """A reference database on which policies are asked, sabotaged and mended, one proof after the other.

    ``connection`` is to a copy of the target's database: the database itself has no connections, so it can be cloned.
    """

    def __init__(
        self,
        target: Target,
        known: Mapping[str, Any],
        connection: Connection,
        suite: Suite,
        accepted: Sequence[Waiver] = (),
    ) -> None:
        self.target = target
        self.suite = ThriftySuite(suite.settings, suite.access)
        self.rehearsal = Rehearsal(target, "the reference", (), ())
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
            **askers_of(connection, self.judgements, self.migrations),
            "gate": lambda stage: opened_gate(self.rehearsal, stage.log),
            "growth": lambda stage: self._growth(Auditor(lambda: connection, stage.known, stage.log)),
        }
        result = put(policy, stage, askers, self.accepted)
        self.questions.setdefault(policy.id, set()).update(evidence.question for evidence in log.asked)
        return result

    @cached_property
    def standing(self) -> Standing:
        """What the suite says of the untouched reference."""
        connection = self.connection
        assert connection.info.transaction_status == TransactionStatus.IDLE
        return self.suite.ask(connection, self.target.unfilled, self.target.migrations)

    def rehearse(self, connection: Connection, name: str, sql: str) -> None:
        """Judge a new migration on the database of a connection."""
        dsn = self.target.server.dsn_of(connection.info.dbname)
        base = Base(replace(self.target, dsn=dsn), self.target.server, self.standing)
        with TemporaryDirectory() as directory:
            path = Path(directory, name)
            path.write_text(sql, encoding="utf-8")
            files, final, unlinted = rehearse(base, [path], self.suite, {})
            versions = judge_versions(NewFiles("the reference", (path,), tuple(find(MIGRATIONS))))
        self.rehearsal = Rehearsal(self.target, "the reference", files, versions, final, unlinted)

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
                self.rehearsal = Rehearsal(self.target, "the reference", (), ())
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
        elif self.sabotage.on == "gate":
            self.bench.rehearse(self.connection, self.sabotage.file, sql)
        elif self.sabotage.on == "migration":
            with TemporaryDirectory() as directory:
                Path(directory, self.sabotage.path.name).write_text(sql, encoding="utf-8")
                self.bench.migrations += apply(self.connection, Path(directory))
        else:
            for statement in statements(sql):
                self.connection.execute(statement.text)

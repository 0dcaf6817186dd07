"""The corpus of the gate, tests/gate/corpus: small migrations, each named for what it does, and what must be found.

A case is a file, or a directory of files that come one after the other. The first comments of a file may say

- ``expect: MIG-04 line 3 private.parcels (*)``: a finding, its line in this file, and its object without the file's
  name, exactly or as a pattern; nothing: the gate is silent
- ``unchecked: MIG-03``: policies that cannot be judged
- ``live: private.parcels 100`` and ``live: private.parcels.remark empty``: what a live database's statistics say
- ``linter: require-lock-timeout P2``: what a rule weighs; that one is off where nothing is said of it
- ``name: 20240101000000_late.sql``: the name that the file has among the migrations
"""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.access.parameters import parameters
from audit.actors import Stage
from audit.catalog.table_statistics import Size, TableStatistics
from audit.connection import Dsn, connect
from audit.evidence import Log
from audit.gate.base import Base
from audit.gate.pending import Pending
from audit.gate.rehearsal import rehearse
from audit.gate.results import Rehearsal
from audit.gate.versions import judge_versions
from audit.migrations import find
from audit.policy import Policy
from audit.results import Verdict
from audit.server.embedded import Server
from audit.server.rights import STAND_IN, login
from audit.server.target import MIGRATIONS, Choice, opened
from fixtures.askers import Disposable
from fixtures.suite import Suite, put
from reports.model import Result
from reports.verdicts import result_of
from tests.support.proving import CLEAN, POLICIES, ThriftySuite

CORPUS = Path(__file__).parents[1] / "gate" / "corpus"
BASE = CORPUS / "base"
HOSTILE = CORPUS.parent / "hostile"  # tried out by its own test
FIRST = 20270101000000
# Nearly every case would have to say so.
WEIGHTS = {"require-lock-timeout": "off"}
GATE = [policy for name, policy in POLICIES.items() if name.startswith("MIG-")]


@dataclass(frozen=True)
class Expected:
    """One finding that there must be."""

    policy: str
    file: str
    line: int
    object: str

    def meets(self, policy: str, file: str, line: int | None, obj: str) -> bool:
        """Tell whether a finding is this one."""
        same = (self.policy, self.file, self.line) == (policy, file, line)
        return same and (obj == self.object or fnmatchcase(obj, self.object))


@dataclass(frozen=True)
class Case:
    """One case: new files by name, what must be found, what cannot be judged, and what is known of a live database."""

    name: str
    files: dict[str, Path]
    expected: tuple[Expected, ...]
    unchecked: frozenset[str] = frozenset()
    statistics: TableStatistics = field(default_factory=TableStatistics)
    weights: Mapping[str, str] = field(default_factory=lambda: WEIGHTS)

    @property
    def dangerous(self) -> bool:
        """Something must be found, or at least be in doubt."""
        return bool(self.expected or self.unchecked)


def read(path: Path) -> Case:
    """Read a case. Raises ValueError when a first comment is not as it must be."""
    paths = sorted(path.glob("*.sql")) if path.is_dir() else [path]
    files: dict[str, Path] = {}
    expected, unchecked = [], []
    sizes: dict[str, Size] = {}
    empty = set()
    weights = dict(WEIGHTS)
    for each in paths:
        # A pattern may stand among the statements, too: where several lines expect one each, it is read there.
        lines = re.findall(
            r"^-- (expect|unchecked|live|linter|name): (.*)$", each.read_text(encoding="utf-8"), re.MULTILINE
        )
        told = dict(lines)
        name = told.get("name") or (each.name if path.is_dir() else f"{FIRST}_{each.name}")
        files[name] = each
        for key, value in lines:
            if key == "expect":
                found = re.fullmatch(r"(MIG-\d\d) line (\d+) (.+)", value)
                if not found:
                    raise ValueError(f"{each.name}: expect: {value}")
                expected.append(Expected(found[1], name, int(found[2]), found[3]))
            elif key == "unchecked":
                unchecked += value.split()
            elif key == "linter":
                weights |= [value.split()]
            elif key == "live":
                table, what = value.split()
                if what == "empty":
                    empty.add((table.rpartition(".")[0], table.rpartition(".")[2]))
                else:
                    sizes[table] = Size(int(what), int(what) * 100, 0.0, analyzed=True)
    return Case(
        path.stem if path.is_file() else path.name,
        files,
        tuple(expected),
        frozenset(unchecked),
        TableStatistics(sizes, frozenset(empty)),
        weights,
    )


def corpus() -> list[Case]:
    """Return all cases, by name."""
    paths = (path for path in CORPUS.iterdir() if path.suffix == ".sql" or any(path.glob("*.sql")))
    return [read(path) for path in sorted(paths) if path not in (BASE, HOSTILE)]


class CorpusSuite(ThriftySuite):
    """The chapters that say something of any schema, whoever lives in it."""

    @staticmethod
    def has(policy: Policy) -> bool:
        return ThriftySuite.has(policy) and policy.id.startswith(("RLS-", "EXPO-", "PERF-", "MAINT-", "SCHEMA-"))


class SilentSuite(CorpusSuite):
    """Hardly any other policy: for what a migration does, and not for what follows from it."""

    @staticmethod
    def has(policy: Policy) -> bool:
        return policy.id == "RLS-01"


class Ground:
    """The base with data; each case is tried on a clone of it. ``build`` builds it anew, where its server ended."""

    def __init__(self, build: Callable[[], Base], released: tuple[Path, ...], suite: Suite) -> None:
        self.build = build
        self.base = build()
        self.released = released
        self.suite = suite
        self.numbers = itertools.count(1)

    def stand(self) -> None:
        """Let there be a base whose server runs."""
        if self.base.server.process.poll() is not None:
            self.base = self.build()

    @contextmanager
    def copies(self) -> Iterator[tuple[Dsn, Server]]:
        """Open another copy of the base."""
        name, server = f"copy_{next(self.numbers)}", self.base.server
        try:
            yield login(server.clone_database(name), STAND_IN), server
        finally:
            server.drop_database(name)

    def try_out(self, case: Case, limit_s: float = 20.0) -> dict[str, Result]:
        """Rehearse a case; return what the policies of the gate say."""
        with TemporaryDirectory() as folder:
            for name, path in case.files.items():
                shutil.copy(path, Path(folder, name))
            return self.try_files(find(Path(folder)), case.statistics, limit_s, weights=case.weights)

    def try_files(
        self,
        files: Sequence[Path],
        statistics: TableStatistics | None = None,
        limit_s: float = 20.0,
        meanwhile: str = "select",
        weights: Mapping[str, str] = WEIGHTS,
    ) -> dict[str, Result]:
        """Rehearse files and judge them. ``meanwhile`` is what another session in the database does first."""
        with ExitStack() as stack:
            outcome = rehearse(
                stack,
                lambda: self._clone(meanwhile),
                files,
                self.suite,
                weights,
                limit_s=limit_s,
                live_statistics=statistics,
            )
            versions = judge_versions(Pending("the corpus", tuple(files), self.released))
            made = Rehearsal("the corpus", outcome.files, versions, outcome.final, outcome.unlinted)
            connection = stack.enter_context(connect(outcome.base.target.dsn))
            known = parameters(connection, self.suite.settings, self.suite.access)
            migrations = (*self.base.target.migrations, *(each.migration for each in outcome.files))
            results = {}
            for policy in GATE:
                at = Disposable(Stage(connection, known, Log()), [], migrations, made)
                results[policy.id] = result_of(put(policy, at))
            return results

    @contextmanager
    def _clone(self, meanwhile: str) -> Iterator[Base]:
        self.stand()
        database, server = f"case_{next(self.numbers)}", self.base.server
        dsn = login(server.clone_database(database), STAND_IN)
        try:
            with connect(dsn) as other:
                other.execute(meanwhile)
                yield Base(replace(self.base.target, dsn=dsn), server, self.base.standing, copies=self.copies)
        finally:
            if server.process.poll() is None:
                server.drop_database(database)


@contextmanager
def grounded(choice: Choice, suite: Suite) -> Iterator[Ground]:
    """Build the base of the corpus on a server of its own."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        for path in (*find(MIGRATIONS), *find(BASE)):
            shutil.copy(path, folder)
        released = tuple(find(Path(folder)))

        def build() -> Base:
            target = stack.enter_context(opened(replace(choice, migrations=Path(folder))))
            assert all(migration.applied for migration in target.migrations), target.migrations
            assert target.server is not None
            with connect(target.dsn) as connection:
                standing = suite.ask(connection, target.unfilled, target.migrations)
            return Base(target, target.server, standing)

        yield Ground(build, released, suite)


def found_in(results: dict[str, Result]) -> list[tuple[str, str, int | None, str]]:
    """Return all findings: policy, file, line, and object without the file."""
    return [
        (
            name,
            finding.location.file if finding.location else "",
            finding.location.line if finding.location else None,
            finding.object.removeprefix(f"{finding.location.file}: ") if finding.location else finding.object,
        )
        for name, result in results.items()
        for finding in result.findings
    ]


def wrong(case: Case, results: dict[str, Result]) -> list[str]:
    """Return what is not as the case expects it."""
    found = found_in(results)
    told = [f"missed: {each}" for each in case.expected if not any(each.meets(*one) for one in found)]
    told += [f"too much: {one}" for one in found if not any(each.meets(*one) for each in case.expected)]
    for name, result in results.items():
        if name in {each.policy for each in case.expected}:
            continue
        right = result.verdict is Verdict.UNCHECKED if name in case.unchecked else result.verdict in CLEAN
        if not right:
            told.append(f"{name} is {result.verdict}: {result.reason}")
    return told

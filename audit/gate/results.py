"""What a gate found: the standing of a database before and after each new file, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from audit.evidence import Row
from audit.gate.hazards import Hazards
from audit.gate.trace import Step
from audit.migrations import Migration
from audit.question import Connection
from audit.server.target import Target


class Reach(NamedTuple):
    """What one cell of the access matrix says: the verdict, how many rows were there, reached, and too much."""

    verdict: str
    rows: int
    reached: int
    leaked: int


@dataclass(frozen=True)
class Asked:
    """What one policy said of a database: verdict, reason, and the offending objects, each with its fix."""

    policy: str
    title: str
    severity: str
    verdict: str
    reason: str = ""
    objects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """What the whole suite said of a database, and who reached what: "anon: select public.t"."""

    asked: Mapping[str, Asked]
    reach: Mapping[str, Reach]


class Suite(Protocol):
    """Who can ask policies outside of a run: see :mod:`reports.suite`."""

    def ask(
        self,
        connection: Connection,
        unfilled: Mapping[str, str],
        migrations: Sequence[Migration],
        only: frozenset[str] | None = None,
        unlike: Mapping[str, str] | None = None,
    ) -> Standing:
        """Ask all policies but those of the gate (or ``only`` some) on a superuser's connection to a disposable one."""
        ...

    def key(self) -> str:
        """Return what the answers depend on beside the database, as a digest."""
        ...


@dataclass(frozen=True)
class Difference:
    """One policy that says something else after a file: what is newly offended, newly unknown, or mended."""

    policy: str
    title: str
    severity: str
    before: str
    after: str
    reason: str = ""
    new: Mapping[str, str] = field(default_factory=dict)
    mended: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reached:
    """One cell of the access matrix that changed: "anon: select public.t", "none → all"."""

    cell: str
    before: str
    after: str
    wider: bool
    undeclared: bool


@dataclass(frozen=True)
class Rehearsed:
    """One new file and all that became of it."""

    file: str
    migration: Migration
    steps: tuple[Step, ...] = ()
    hazards: Hazards = field(default_factory=Hazards)
    warnings: tuple[Row, ...] = ()
    differences: tuple[Difference, ...] = ()
    reached: tuple[Reached, ...] = ()
    duration_ms: float = 0.0

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out, and why."""
        return tuple(self.hazards.remarks)


@dataclass
class Rehearsal:
    """The whole gate: the target after all new files, the files, and why something could not be judged."""

    target: Target
    since: str
    files: tuple[Rehearsed, ...]
    versions: tuple[Row, ...]
    final: Standing = field(default_factory=lambda: Standing({}, {}))
    unlinted: str = ""
    folder: str = ""

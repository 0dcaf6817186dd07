"""What a gate found, as plain data: the standing of a database before and after each new file, and what differs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from audit.evidence import Row
from audit.results import Migration

WORDS_TOLD = 8


@dataclass(frozen=True)
class Lock:
    """A lock on a relation that was there before the new migrations.

    ``blocks`` is what must wait for it: "", "writes" or "reads and writes".
    """

    relation: str
    mode: str
    blocks: str = ""


@dataclass(frozen=True)
class Print:
    """A table's content in figures: rows, and for each column values that are not NULL, and a sum over them.

    ``kinds`` are numbers of different values, where they were asked for, and ``numbers`` those of the columns, which
    stay when one is renamed.
    """

    rows: int
    values: Mapping[str, int]
    sums: Mapping[str, str]
    kinds: Mapping[str, int] = field(default_factory=dict, compare=False)
    numbers: Mapping[str, int] = field(default_factory=dict)

    def of(self, numbers: Collection[int]) -> Print:
        """Return the same of some columns only."""
        names = [name for name, number in self.numbers.items() if number in numbers]
        return Print(
            self.rows,
            {name: self.values[name] for name in names},
            {name: self.sums[name] for name in names},
            {name: self.kinds[name] for name in names if name in self.kinds},
            {name: self.numbers[name] for name in names},
        )


@dataclass(frozen=True)
class Change:
    """A difference of the catalogue: "created", "changed", "dropped" or "renamed"."""

    what: str
    kind: str
    title: str
    how: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.kind} {self.title}{f': {self.how}' if self.how else ''}"


@dataclass(frozen=True)
class Moved:
    """How many rows of a table a statement inserted, updated and deleted, and how many it read from end to end."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    scanned: int = 0
    scans: int = 0


@dataclass
class Step:
    """One statement (or a run of statements that only add rows) and what it did to what was there before.

    Relations are named as at the beginning of the statement. ``held`` are the locks of the transaction after it, and
    ``taken`` those of them that it took. ``before`` and ``after`` are the contents of the tables that it touched
    (``after`` None: the table is gone); ``unmet`` are tables of which it would take something away, and met no row.
    """

    line: int
    words: tuple[str, ...]
    alone: bool = False
    statements: int = 1
    duration_ms: float = 0.0
    taken: tuple[Lock, ...] = ()
    held: tuple[Lock, ...] = ()
    rewritten: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = ()
    moved: Mapping[str, Moved] = field(default_factory=dict)
    catalogue: tuple[Change, ...] = ()
    before: Mapping[str, Print] = field(default_factory=dict)
    after: Mapping[str, Print | None] = field(default_factory=dict)
    unmet: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    error: str = ""

    def take_back(self, reset: tuple[str, ...]) -> None:
        """Forget what is there again after a rollback: all but ``reset``. Locks were held and time was taken anyhow."""
        self.before, self.after, self.unmet, self.reset = {}, {}, (), reset

    @property
    def told(self) -> str:
        """The first words of the statement: no literal is among them."""
        more = f" and {self.statements - 1} more" if self.statements > 1 else ""
        return " ".join(self.words[:WORDS_TOLD]) + more


@dataclass
class Hazards:
    """What was found in one file. ``doubts`` say what the made-up rows cannot tell; ``remarks`` what was left out."""

    losses: list[Row] = field(default_factory=list)
    waits: list[Row] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    slow_lines: set[int] = field(default_factory=set)


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
    """The whole gate: since when files are new, what became of them, and why something could not be judged."""

    since: str
    files: tuple[Rehearsed, ...]
    versions: tuple[Row, ...]
    final: Standing = field(default_factory=lambda: Standing({}, {}))
    unlinted: str = ""
    folder: str = ""

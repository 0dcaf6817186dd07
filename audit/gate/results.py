"""What a gate found, as plain data: the standing of a database before and after each new file, and what differs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from audit.evidence import Row
from audit.results import Migration, Thing

WORDS_TOLD = 8

# Columns that say when a row was touched: whoever changes a row changes them, too, and loses nothing.
TOUCHED = re.compile(r"(?:last_)?(?:updated|modified|changed|touched)(?:_at|_on|_by)?", re.IGNORECASE)


@dataclass(frozen=True)
class Lock:
    """A lock on a relation that was there before the new migrations.

    ``blocks`` is what must wait for it: "", "writes" or "reads and writes".
    """

    relation: str
    mode: str
    blocks: str = ""


Value = bytes | tuple[int, int] | None
Line = tuple[Value, ...]


@dataclass(frozen=True)
class Print:
    """What a table held at one moment, in figures and row by row.

    ``values`` are how many values of each column are not NULL, ``sums`` sums over them. ``numbers`` are those of the
    columns, which stay when one is renamed, and ``key`` the numbers of the columns of a key. ``lines`` are the rows, in
    the order of ``numbers``; of each table of more than MOST_ROWS only one of ``stride``, by key. ``documents`` are
    objects of JSON in it: for each column that holds any, as if what stands in them were columns of the rows.
    """

    rows: int
    values: Mapping[str, int]
    sums: Mapping[str, int]
    numbers: Mapping[str, int] = field(default_factory=dict)
    key: tuple[int, ...] = field(default=(), compare=False)
    lines: Sequence[Line] = field(default=(), compare=False, repr=False)
    stride: int = field(default=1, compare=False)
    signature: object = field(default=None, compare=False)
    documents: Sequence[Mapping[str, Sequence[Value]]] = field(default=(), compare=False, repr=False)

    def count(self, number: int) -> int:
        """Return how many values the column of a number has."""
        return next((self.values[name] for name, each in self.numbers.items() if each == number), 0)

    def of(self, numbers: Collection[int]) -> Print:
        """Return the figures of some columns only, without the rows."""
        names = [name for name, number in self.numbers.items() if number in numbers]
        return Print(
            self.rows,
            {name: self.values[name] for name in names},
            {name: self.sums[name] for name in names},
            {name: self.numbers[name] for name in names},
            self.key,
            stride=self.stride,
        )


@dataclass(frozen=True)
class Overwritten:
    """What became of one column's values, in the rows that are still there; all numbers are numbers of rows.

    ``values`` had one. Of these ``emptied`` are NULL now, and ``changed`` say something else: more than other case,
    spaces or dashes, and not merely a new word for the same thing. ``kinds`` is how many different values the
    changed rows had, and ``left`` how many they have; ``exchanged``: they are the same ones in other rows. ``cut`` are
    values of which only the beginning is left, and ``merged`` how many fewer different ones there are in the column.
    ``shift``: by so many powers of ten all are larger, and otherwise the same numbers.
    """

    values: int
    emptied: int = 0
    changed: int = 0
    kinds: int = 0
    left: int = 0
    exchanged: bool = False
    cut: int = 0
    merged: int = 0
    shift: int = 0


@dataclass(frozen=True)
class Effect:
    """What a statement did to a table's rows: how many there were, how many of them are gone, and whose values changed.

    ``compared`` is how many rows were looked at: fewer than ``rows`` means a sample, and all other numbers are its.
    ``lost`` are the rows that are gone, by the names of their columns, and ``figures`` how many values of each column
    all of them have, and their sum.
    """

    rows: int
    compared: int
    gone: int = 0
    columns: Mapping[str, Overwritten] = field(default_factory=dict)
    lost: Mapping[str, Sequence[Value]] = field(default_factory=dict, compare=False, repr=False)
    figures: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)

    def told(self, number: int, of: int) -> str:
        """Return "n of m", and where only a sample was looked at, how large it is."""
        sample = f" in a sample of {self.compared:,} of {self.rows:,} rows" if self.compared < self.rows else ""
        return f"{number:,} of {of:,}{sample}"


@dataclass(frozen=True)
class Entry:
    """One part of the catalogue: what it is called, and what is to be told when it changes, by name.

    Facts whose name begins with ``_`` are compared and not shown: they may hold literals. ``_acl`` is who may do what,
    with what PostgreSQL grants by itself; ``_of`` is the number of the table that the part belongs to. ``text`` is the
    facts as the server wrote them.
    """

    kind: str
    title: str
    facts: Mapping[str, Any]
    text: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Change:
    """A difference of the catalogue: "created", "changed", "dropped" or "renamed".

    ``before`` and ``after`` are the entries; ``known``: it was there before all new migrations.
    """

    what: str
    kind: str
    title: str
    how: str = ""
    key: str = field(default="", compare=False)
    before: Entry | None = field(default=None, compare=False, repr=False)
    after: Entry | None = field(default=None, compare=False, repr=False)
    known: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.what} {self.kind} {self.title}{f': {self.how}' if self.how else ''}"

    @property
    def own_name(self) -> str:
        """What it is called, without its schema, its arguments and quotes."""
        entry = self.after or self.before
        name = str(entry.facts.get("_name") or "") if entry else ""
        return name or self.title.rpartition(".")[2].strip('"').replace('""', '"')

    def fact(self, name: str) -> tuple[Any, Any]:
        """Return one fact before and after."""
        return (
            self.before.facts.get(name) if self.before else None,
            self.after.facts.get(name) if self.after else None,
        )


@dataclass(frozen=True)
class Moved:
    """How many rows of a table a statement inserted, updated and deleted, and how many it read from end to end.

    ``pages`` is how large the table is.
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    scanned: int = 0
    scans: int = 0
    pages: int = 0


class Doubt(NamedTuple):
    """What a statement may do elsewhere, in words, and the table that it is about, or ""."""

    told: str
    table: str = ""


class Loss(NamedTuple):
    """Something that is lost, or will be: what, of which kind, of which relation, and in words how."""

    what: str
    kind: str
    relation: str
    told: str


@dataclass
class Step:
    """One statement (or a run of statements that only add rows) and what it did to what was there before.

    Relations are named as at the beginning of the statement. ``held`` are the locks of the transaction after it, and
    ``taken`` those of them that it took. ``before`` and ``after`` are the contents of the tables that it touched
    (``after`` None: the table is gone), and ``effects`` what became of their rows. ``doubts`` say what it may do to
    data elsewhere, ``losses`` what is out of reach or will be lost, and ``blind`` whom it may let in elsewhere;
    ``remarks`` are what it says itself that it may do to data elsewhere.
    ``opened`` are columns with a new default, and what lets somebody in by it; ``sent`` is what hands rows to somebody
    outside, and by what, and ``unguarded`` what people may write from now on, and which trigger kept it back.
    ``floods`` say what makes a great many rows of each one that is written.
    ``later_opened`` is what of access a job changes that it schedules, and which job; ``newcomers`` what whoever signs
    up sees more of than before, and by what. ``users`` are how many it makes who can sign in.
    ``unlimited``: no lock_timeout was set.
    ``takes_along``: it says CASCADE; ``names`` are all that it says.
    ``whole``: it says of no rows which ones it means. ``telltale`` is what it asks that a rehearsal answers otherwise.
    ``idle`` are reasons why a GRANT or REVOKE is without effect. ``undone``: a rollback took it back.
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
    effects: tuple[tuple[str, Effect], ...] = ()
    doubts: tuple[Doubt, ...] = ()
    blind: tuple[str, ...] = ()
    remarks: tuple[Doubt, ...] = ()
    losses: tuple[Loss, ...] = ()
    reset: tuple[str, ...] = ()
    opened: tuple[tuple[str, str], ...] = ()
    sent: tuple[tuple[str, str], ...] = ()
    unguarded: tuple[tuple[str, str], ...] = ()
    floods: tuple[Loss, ...] = ()
    users: int = 0
    later_opened: tuple[tuple[str, str], ...] = ()
    newcomers: tuple[tuple[str, str], ...] = ()
    unlimited: bool = False
    takes_along: bool = False
    names: frozenset[str] = frozenset()
    whole: bool = False
    telltale: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    undone: bool = False
    error: str = ""

    def take_back(self, reset: tuple[str, ...]) -> None:
        """Forget what is there again after a rollback: all but ``reset``. Locks were held and time was taken anyhow."""
        self.before, self.after, self.effects, self.reset = {}, {}, (), reset
        self.doubts, self.losses, self.blind, self.opened, self.sent, self.idle = (), (), (), (), (), ()
        self.remarks, self.undone = (), True

    @property
    def known(self) -> bool:
        """It changed a part of the catalogue, or the file of a table, that was there before all new migrations."""
        return bool(self.rewritten) or any(change.known for change in self.catalogue)

    @property
    def told(self) -> str:
        """The first words of the statement: no literal is among them."""
        more = f" and {self.statements - 1} more" if self.statements > 1 else ""
        return " ".join(self.words[:WORDS_TOLD]) + more


@dataclass
class Hazards:
    """What was found in one file. ``remarks`` say what was left out.

    ``doubts`` say what the made-up rows cannot tell of data, and ``blind`` what a rehearsal cannot tell of access.
    """

    losses: list[Row] = field(default_factory=list)
    waits: list[Row] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    slow_lines: set[int] = field(default_factory=set)


# How a cell begins, behind who it is, that says whether a bucket's files are served to everybody.
FILES = ": files of bucket "


class Reach(NamedTuple):
    """What one cell of the access matrix says: the verdict, how many rows were there, reached, and too much.

    Of a bucket (``FILES``) it says whether its files are served to everybody, as if that were one row.
    """

    verdict: str
    rows: int
    reached: int
    leaked: int


@dataclass(frozen=True)
class Asked:
    """What one policy said of a database: verdict, reason, and the offending objects, each with its fix.

    ``problems`` say of some objects what is wrong with them.
    """

    policy: str
    title: str
    severity: str
    verdict: str
    reason: str = ""
    objects: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """What the whole suite said of a database, and who reached what: "anon: select public.t".

    ``exposed`` are the schemas that the API serves there, and ``took_ms`` is how long each policy took. ``taken`` are,
    by cell, the new rows that came through there, as JSON.
    """

    asked: Mapping[str, Asked]
    reach: Mapping[str, Reach]
    exposed: tuple[str, ...] = ()
    took_ms: Mapping[str, float] = field(default_factory=dict, compare=False)
    taken: Mapping[str, Sequence[str]] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Difference:
    """One policy that says something else after a file: what is newly offended, newly unknown, or mended.

    ``problems`` say of some of the new offenders what is wrong with them.
    """

    policy: str
    title: str
    severity: str
    before: str
    after: str
    reason: str = ""
    new: Mapping[str, str] = field(default_factory=dict)
    mended: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)


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
    """One new file and all that became of it.

    ``undeclared`` are its new tables that have row level security and policies and are only not declared: for each the
    lines of a draft for access.toml. ``untried``: it was left out, because its server ended, or those before it.
    """

    file: str
    migration: Migration
    steps: tuple[Step, ...] = ()
    hazards: Hazards = field(default_factory=Hazards)
    warnings: tuple[Row, ...] = ()
    differences: tuple[Difference, ...] = ()
    reached: tuple[Reached, ...] = ()
    undeclared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    duration_ms: float = 0.0
    untried: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out, and why; and all that is in doubt, of which a verdict names the first only."""
        return tuple(dict.fromkeys((*self.hazards.remarks, *self.hazards.doubts, *self.hazards.blind)))


# Where to declare in a project that does not say so yet.
NO_DECLARATIONS = 'access.toml, which audit.toml names (access = "access.toml")'


@dataclass
class Rehearsal:
    """The whole gate: since when files are new, what became of them, and why something could not be judged.

    ``folder`` is the directory of migrations as the reader knows it, and ``places`` are files of it by their names;
    ``declarations`` is the file of the declarations. ``altered`` are files that decide how the change is judged, and
    that it changes itself. ``unbuilt`` is what released files should have made or changed, and did not.
    """

    since: str
    files: tuple[Rehearsed, ...]
    versions: tuple[Row, ...]
    final: Standing = field(default_factory=lambda: Standing({}, {}))
    unlinted: str = ""
    folder: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    declarations: str = NO_DECLARATIONS
    altered: tuple[str, ...] = ()
    unbuilt: tuple[Thing, ...] = ()

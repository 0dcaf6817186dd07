"""What the engine finds out, as plain data: what the reports need to know of it, and nothing that acts.

The results of rooms stand beside them: :mod:`audit.access.results` and :mod:`audit.gate.results`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from audit.causes import UNKNOWN, Cause
from audit.evidence import Location, Population, Scalar, safe
from audit.policy import Policy
from audit.sql_text import quoted

# Why a policy is unchecked when the server is gone.
UNREACHED = "the server could not be reached any more"


class Verdict(StrEnum):
    """What is known about one policy after a run."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    WAIVED = "WAIVED"
    UNCHECKED = "UNCHECKED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True)
class Offence:
    """One object that offends under one policy: what else is known of it, and what mends it.

    ``location`` is where it is written, which only what is written in files has; ``cause`` what has to be mended.
    """

    object: str
    details: Mapping[str, Scalar] = field(default_factory=dict)
    fix: str = ""
    location: Location | None = None
    cause: Cause = UNKNOWN


@dataclass(frozen=True)
class Ruling:
    """What one policy says of a database, before anybody has accepted anything: the verdict is never WAIVED.

    ``reason`` says why the verdict is not HOLDS (or what is remarkable about one that is); ``remedy`` what would enable
    an UNCHECKED policy, and ``grants`` the rights that the audit's login lacks for it, as SQL. ``partial`` says that
    the offences are not all that there may be: a later assertion of the policy was not reached.
    """

    policy: Policy
    verdict: Verdict
    reason: str = ""
    offences: tuple[Offence, ...] = ()
    population: Population | None = None
    remedy: str = ""
    grants: tuple[str, ...] = ()
    partial: bool = False
    duration_ms: float = 0.0


# What a table is to those who read it; the server, too, calls all of these relations.
RELATIONS = frozenset({"table", "view", "sequence"})

_NAMED = 8  # as many things a sentence names; the rest it counts

# What a statement does that cannot be seen in its words: it may have been anything.
ANYTHING = "anything"
# What belongs to a table, a function or a schema and has no name of its own.
GRANT, ROW_SECURITY = "grant", "row level security"
_UNNAMED = {
    "index": "an index of",
    "constraint": "a constraint of",
    GRANT: "what is granted on",
    ROW_SECURITY: "row level security of",
}


class Thing(NamedTuple):
    """An object by its names: ``schema`` is "" where none is written; ``of`` is the table that it belongs to."""

    kind: str
    schema: str
    name: str
    of: str = ""

    def __str__(self) -> str:
        qualified = self.schema and self.kind not in ("column", "constraint")
        told = f"{quoted(self.schema)}.{quoted(self.name)}" if qualified else quoted(self.name)
        return f"{self.kind} {told}" + (f" of {quoted(self.of)}" if self.of else "")

    @property
    def told(self) -> str:
        """What it is called in a sentence; of a table only its name."""
        if self.kind == ANYTHING:
            return "something that a block of code would have done"
        if self.of and not self.name:
            return f"{_UNNAMED.get(self.kind, f'a {self.kind} of')} {quoted(self.of)}"
        if not self.name:
            return f"every {self.kind} in {self.schema}"
        if self.kind == "rows":
            return f"rows of {str(self).partition(' ')[2]}"
        return str(self) if self.kind != "table" else str(self).partition(" ")[2]

    def is_like(self, other: Thing) -> bool:
        """Tell whether two may be the same: what is not written of one may be as in the other."""
        if self.name != other.name or (self.schema and other.schema and self.schema != other.schema):
            return False
        if self.kind in RELATIONS and other.kind in RELATIONS:
            return True
        # A table is a type, too; a column is one of its own table.
        kinds = {self.kind, other.kind}
        if kinds <= RELATIONS | {"type"}:
            return True
        return self.kind == other.kind and (not self.of or not other.of or self.of == other.of)


@dataclass(frozen=True)
class Trouble:
    """A statement that was not executed: where, why, and what it would have made and changed.

    ``lacks`` is what it failed for because it is not there. ``cause`` says whose consequence it is, "" for none: it is
    a cause itself. ``aside``: it was set aside because this server is not the provider's, which is no fault of it.
    ``raised_by`` is the function that refused rows which were there, "" where it was none.
    """

    line: int
    error: str
    sqlstate: str | None = None
    lacks: Thing | None = None
    made: tuple[Thing, ...] = ()
    touched: tuple[Thing, ...] = ()
    cause: str = ""
    aside: bool = False
    raised_by: str = ""

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Trouble:
        """Take it out of what was written as JSON."""
        found = {**known, "lacks": Thing(*known["lacks"]) if known["lacks"] else None}
        return cls(**found | {name: tuple(Thing(*each) for each in known[name]) for name in ("made", "touched")})


@dataclass(frozen=True)
class Migration:
    """One migration file and what became of it; ``error`` is None when it was applied.

    ``troubles`` are the statements that were not executed; in a file that was applied, those that were set aside. Of a
    file that failed the others were executed, unless it was to be left out as a whole. ``notes`` say what was passed
    over of a dump; ``twice`` names the file that has the same version.
    """

    file: str
    applied: bool
    error: str | None = None
    line: int | None = None
    sqlstate: str | None = None
    troubles: tuple[Trouble, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    twice: str = field(default="", compare=False)

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Migration:
        """Take it out of what was written as JSON."""
        troubles = tuple(Trouble.of(each) for each in known.get("troubles", ()))
        return cls(**{**known, "troubles": troubles, "notes": tuple(known.get("notes", ()))})


@dataclass(frozen=True)
class Build:
    """What became of all files together, in figures and names.

    ``missing`` are tables that a statement should have made and did not; ``nowhere`` is what files need and no file
    creates, with the place where it is needed first. ``advice`` are sentences about what would help, ``notes`` about
    what was passed over and taken from the project's configuration.
    """

    layout: str = ""
    files: int = 0
    applied: int = 0
    tables: int = 0
    missing: tuple[str, ...] = ()
    nowhere: Mapping[Thing, str] = field(default_factory=dict)
    advice: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """Say how much was built."""
        of = self.tables + len(self.missing)
        return f"built: {self.applied:,} of {self.files:,} files; {self.tables:,} of {of:,} tables"

    @property
    def no_baseline(self) -> str:
        """Say in a sentence that the files begin with what none of them creates; "" where they do not."""
        if not self.nowhere:
            return ""
        tables = [thing for thing in self.nowhere if thing.kind in RELATIONS]
        what, number = ("table", len(tables)) if tables else ("object", len(self.nowhere))
        told = named([each.told for each in (tables or self.nowhere)])
        is_ = "is" if number == 1 else "are"
        plural = "" if number == 1 else "s"
        return f"{number} {what}{plural} {is_} created by no migration ({told}): these files alone cannot be judged"


def named(names: Sequence[str]) -> str:
    """Join names, as many as a sentence holds."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return safe(", ".join(names[:_NAMED]) + more)


@dataclass(frozen=True)
class Login:
    """The login that a live database is audited with. ``excess`` are sentences about what it has too much of.

    ``unknown`` says why nobody knows, when that is so.
    """

    role: str
    excess: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True)
class Cost:
    """What is told of a footprint. None is what is not known; ``unknown`` says why.

    ``server_ms`` is the time that the audit waited for answers, the way there included, with pg_dump's ``dump_ms``.
    ``locks`` are those of the question that held most of them, on relations. ``unseen`` questions failed or were given
    up, so that their ends could not be looked at.
    """

    questions: int
    sessions: int
    server_ms: float
    dump_ms: float | None
    budget_ms: int | None
    locks: int
    lock_modes: tuple[str, ...]
    transaction_ids: int
    unseen: int
    buffers_read: int | None
    buffers_hit: int | None
    wal_bytes: int | None
    unknown: str


@dataclass(frozen=True)
class Sizes:
    """How many bytes the database and its largest tables had, by name, and when."""

    at: dt.datetime
    bytes: Mapping[str, int]

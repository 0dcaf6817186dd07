"""What the engine finds out, as plain data: what the reports need to know of it, and nothing that acts.

The results of rooms stand beside them: :mod:`audit.access.results` and :mod:`audit.gate.results`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from audit.evidence import Location, Population, Scalar
from audit.policy import Policy


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

    ``location`` is where it is written, which only what is written in files has.
    """

    object: str
    details: Mapping[str, Scalar] = field(default_factory=dict)
    fix: str = ""
    location: Location | None = None


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


@dataclass(frozen=True)
class Migration:
    """One migration file and what became of it; ``error`` is None when it was applied."""

    file: str
    applied: bool
    error: str | None = None
    line: int | None = None
    sqlstate: str | None = None


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

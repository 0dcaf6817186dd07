"""The result model: everything that is reported is rendered from one :class:`Run`, so numbers agree everywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

# Verdicts and severities are the engine's; whoever renders a run finds them here.
from audit.access.results import Judgement
from audit.causes import UNKNOWN, Cause
from audit.evidence import Location, Population, Scalar
from audit.facts import TargetFacts as TargetFacts
from audit.policy import Severity as Severity
from audit.results import Build, Cost, Login, Migration, Sizes
from audit.results import Verdict as Verdict
from reports.escalation import UNSAID, Escalation

if TYPE_CHECKING:
    from audit.gate.results import Rehearsal
    from audit.runbook.results import Outline

SCHEMA_VERSION = "1.3"

# Why a policy is unchecked when the run was stopped.
STOPPED = "the run was stopped before this policy was asked"

EXIT_HELD = 0
EXIT_VIOLATED = 1
EXIT_FAILED = 3
EXIT_UNCHECKED = 6


# What a policy weighs in the score, and the most that a run can score while a policy of that severity is violated or
# unchecked: a database in which members can make themselves administrators is not "90 percent healthy".
WEIGHT = {Severity.P0: 8, Severity.P1: 4, Severity.P2: 2, Severity.P3: 1}
CEILING = {Severity.P0: 40, Severity.P1: 70, Severity.P2: 90, Severity.P3: 99}
SCORE_FORMULA = (
    "100 x weight of the policies that hold / weight of all policies that apply (P0 weighs 8, P1 4, P2 2, P3 1), "
    "and at most 40, 70, 90 or 99 while a P0, P1, P2 or P3 is violated or unchecked"
)


@dataclass(frozen=True)
class Waiver:
    """An accepted finding, as written in waivers.toml.

    ``object`` is the finding's object, exactly or as a shell-style pattern; ``line`` is where the waiver stands. An
    entry of the baseline never ``expires`` and covers its own object alone.
    """

    policy: str
    object: str
    reason: str
    owner: str
    expires: dt.date | None
    line: int

    def covers(self, policy: str, obj: str) -> bool:
        """Tell whether this waiver is about the finding ``obj`` under ``policy``, expired or not."""
        exactly = self.expires is None
        return self.policy == policy and (self.object == obj or (not exactly and fnmatchcase(obj, self.object)))

    def expired(self, today: dt.date) -> bool:
        """Tell whether the waiver ended before ``today``; on its last day it still counts."""
        return self.expires is not None and today > self.expires

    @property
    def until(self) -> str:
        """Say how long it counts."""
        return "it is fixed" if self.expires is None else self.expires.isoformat()


class Change(StrEnum):
    """What became of a finding since the run before."""

    NEW = "new"
    BACK = "back again"
    COUNTS_AGAIN = "no longer waived"
    WAIVED = "waived from now on"
    FIXED = "fixed"
    UNJUDGED = "no longer judged"


@dataclass(frozen=True)
class Event:
    """One change of one finding. ``since`` is when it was found first, or first again after it was fixed."""

    change: Change
    policy: str
    object: str
    severity: Severity
    since: dt.datetime


@dataclass(frozen=True)
class Changes:
    """What has changed since ``previous``, the start of the run before; None: this is the first run."""

    previous: dt.datetime | None
    events: tuple[Event, ...] = ()

    def having(self, change: Change) -> tuple[Event, ...]:
        """Return the events of one kind, worst severity first."""
        events = (event for event in self.events if event.change is change)
        return tuple(sorted(events, key=lambda event: (event.severity, event.policy, event.object)))


@dataclass(frozen=True)
class Finding:
    """One offending object under one policy. Its identity is (policy, object); details never are part of it.

    ``waiver`` is the waiver that covers it, if any; ``waiver_expired`` says that it no longer counts. ``location`` is
    where it is written, which only findings about files have, and no part of the identity either: lines move.
    ``since`` is when the history saw it first, or first again after it was fixed; None: no history was kept.
    ``cause`` is what has to be mended, by which the findings of several policies can be told together. ``told_by`` is
    the policy that tells of the same cause in its place, and ``stands_for`` are those in whose place it tells.
    """

    policy: str
    object: str
    details: Mapping[str, Scalar] = field(default_factory=dict)
    fix: str = ""
    waiver: Waiver | None = None
    waiver_expired: bool = False
    location: Location | None = None
    since: dt.datetime | None = None
    cause: Cause = UNKNOWN
    told_by: str = ""
    stands_for: tuple[str, ...] = ()

    @property
    def waived(self) -> bool:
        """A valid waiver covers this finding."""
        return self.waiver is not None and not self.waiver_expired


@dataclass(frozen=True)
class Result:
    """The outcome of one policy.

    ``title`` is the first sentence of the policy's docstring and ``explanation`` the rest; ``reason`` says why the
    verdict is not HOLDS (or what is remarkable about one that is); ``remedy`` what would enable an UNCHECKED policy,
    and ``grants`` the rights that the audit's login lacks for it, as SQL. ``fix`` is the policy's template of what
    mends an offender, with the names of columns in braces. ``partial`` says that the findings are not all that there
    may be: a later assertion of the policy was not reached. ``wrong`` says what a violation means, and ``pack`` whose
    policy it is.
    """

    id: str
    name: str
    severity: Severity
    title: str
    explanation: str
    runbook: str
    verdict: Verdict
    reason: str = ""
    population: Population | None = None
    duration_ms: float = 0.0
    findings: tuple[Finding, ...] = ()
    remedy: str = ""
    fix: str = ""
    grants: tuple[str, ...] = ()
    partial: bool = False
    wrong: str = ""
    pack: str = "core"

    def judges(self, obj: str) -> bool:
        """Tell whether this result says of the object ``obj`` that it offends, or that it does not."""
        if any(finding.object == obj for finding in self.findings):
            return True
        return self.verdict in (Verdict.HOLDS, Verdict.VIOLATED, Verdict.WAIVED) and not self.partial

    @property
    def since(self) -> dt.datetime | None:
        """Since when the policy is violated, as far as the history knows: the oldest finding that is not waived."""
        return min((f.since for f in self.findings if f.since and not f.waived), default=None)


@dataclass(frozen=True)
class Identity:
    """What was audited by what, so that two reports can be told apart, and one be made again.

    ``place`` is where the target was looked for, without secrets. ``digests`` are SHA-256 of what decides what is
    judged, by name: policies, settings, access, waivers, migrations. ``commit`` is that of the repository in which the
    migrations are.
    """

    tool: str = ""
    place: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""


@dataclass(frozen=True)
class Past:
    """One earlier run, for the trend: when it began, and how many policies had which verdict."""

    started_at: dt.datetime
    counts: Mapping[Verdict, int]
    complete: bool = True


@dataclass(frozen=True)
class Run:
    """One run of the audit. ``ended_by`` is pytest's own exit status where it did not come to its end.

    ``offered`` is the number of policies that there are to ask; 0: of those that were selected no more is known.
    ``unreachable`` says why the target could not be reached.

    ``matrix`` is who reaches what, where that was observed; ``changes`` what is otherwise than in the run before, where
    a history is kept. ``problems`` are sentences about what went wrong beside the audit itself: a history that could
    not be written, an alert that nobody received. ``unwritten`` are sentences about reports that are missing. ``gate``
    is what new migrations do, where there are any; ``runbook`` the outline of a runbook, where one was audited;
    ``build`` what became of those that the target was built from. ``trend`` are the last runs, this one included, the
    oldest first; ``sizes`` are how large database and tables are, and ``sizes_before`` how large they were.
    ``escalation`` is what each severity asks for in this project.
    """

    started_at: dt.datetime
    duration_s: float
    target: TargetFacts
    results: tuple[Result, ...]
    migrations: tuple[Migration, ...] = ()
    unused_waivers: tuple[Waiver, ...] = ()
    strict_waivers: bool = False
    ended_by: int | None = None
    notes: tuple[str, ...] = ()
    matrix: Judgement | None = None
    login: Login | None = None
    cost: Cost | None = None
    changes: Changes | None = None
    problems: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    gate: Rehearsal | None = None
    runbook: Outline | None = None
    build: Build | None = None
    offered: int = 0
    unreachable: str = ""
    identity: Identity = field(default_factory=Identity)
    trend: tuple[Past, ...] = ()
    sizes: Sizes | None = None
    sizes_before: Sizes | None = None
    escalation: Mapping[Severity, Escalation] = field(default_factory=lambda: UNSAID)

    @property
    def finished(self) -> bool:
        """Every selected policy had its turn."""
        return self.ended_by is None

    @property
    def selective(self) -> bool:
        """Only some of the policies were selected: nothing is known of the database as a whole."""
        return len(self.results) < self.offered

    @property
    def complete(self) -> bool:
        """Every policy had its turn, on all that the migrations would make."""
        return self.finished and not self.selective and not any(each.troubles for each in self.migrations)

    def counts(self) -> dict[Verdict, int]:
        """Count the policies by verdict; the five counts add up to the number of policies."""
        return {verdict: sum(r.verdict is verdict for r in self.results) for verdict in Verdict}

    def having(self, *verdicts: Verdict) -> tuple[Result, ...]:
        """Return the results with one of the verdicts, worst severity first, then by id."""
        return tuple(sorted((r for r in self.results if r.verdict in verdicts), key=lambda r: (r.severity, r.id)))

    @property
    def score(self) -> int | None:
        """The score by :data:`SCORE_FORMULA`, rounded down. None when no policy applied, or only some were selected."""
        applicable = [r for r in self.results if r.verdict is not Verdict.NOT_APPLICABLE]
        if not applicable or self.selective:
            return None
        held = sum(WEIGHT[r.severity] for r in applicable if r.verdict is Verdict.HOLDS)
        score = 100 * held // sum(WEIGHT[r.severity] for r in applicable)
        ceilings = [CEILING[r.severity] for r in self.having(Verdict.VIOLATED, Verdict.UNCHECKED)]
        return min([score, *ceilings])

    @property
    def exit_status(self) -> int:
        """0 nothing violated and nothing unchecked; 1 violated; 6 nothing violated but something unchecked.

        A run that pytest itself ended keeps pytest's status, 2 to 5. 3 also stands for a report that could not be
        written, whatever was found and the others say, and for other problems beside the audit where all is well.
        """
        if self.ended_by is not None:
            return self.ended_by
        if self.unwritten:
            return EXIT_FAILED
        counts = self.counts()
        if counts[Verdict.VIOLATED] or (self.strict_waivers and self.unused_waivers):
            return EXIT_VIOLATED
        if counts[Verdict.UNCHECKED]:
            return EXIT_UNCHECKED
        return EXIT_FAILED if self.problems else EXIT_HELD


# On the config: what was accepted, as the waivers and the baseline say; and the run, once it is over.
WAIVERS_KEY = pytest.StashKey[Sequence[Waiver]]()
RUN_KEY = pytest.StashKey[Run]()

"""What became of each finding since earlier runs: new, still there since when, fixed, back again, or not judged.

A finding is fixed only when its policy was judged and no longer found it. Where the policy is UNCHECKED, does not apply
or was not selected, nobody knows, and its findings stay as they were.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from audit.policy import Severity
from audit.results import Verdict
from reports.model import Change, Changes, Event, Finding, Result, Run

Identity = tuple[str, str]  # policy and object


class State(StrEnum):
    """How a finding was when it was last judged."""

    VIOLATED = "violated"
    WAIVED = "waived"
    FIXED = "fixed"


@dataclass(frozen=True)
class Known:
    """What the history knows of one finding.

    ``since`` is when it was found first, or first again after it was fixed; ``ended`` when it was found to be fixed;
    ``seen`` when it was last judged; ``times`` how often it appeared. ``due`` says that people are to hear of it and
    have not yet; ``told`` that the last thing they heard is that it is there.
    """

    policy: str
    object: str
    severity: Severity
    state: State
    first: dt.datetime
    since: dt.datetime
    seen: dt.datetime
    ended: dt.datetime | None = None
    times: int = 1
    due: bool = False
    told: bool = False

    @property
    def identity(self) -> Identity:
        """What makes it the same finding in every run."""
        return self.policy, self.object

    @property
    def open(self) -> bool:
        """It was there when it was last judged."""
        return self.state is not State.FIXED


@dataclass(frozen=True)
class Unjudged:
    """A policy that is UNCHECKED (``open``), or was when people last heard of it; ``since`` is when that began."""

    policy: str
    severity: Severity
    since: dt.datetime
    open: bool = True
    due: bool = True
    told: bool = False


def compare(run: Run, known: Mapping[Identity, Known], previous: dt.datetime | None) -> tuple[Run, list[Known]]:
    """Return the run with its changes and each finding's ``since``, and what is known of every finding afterwards."""
    now = run.started_at
    after: list[Known] = []
    events: list[Event] = []
    results = []
    for result in run.results:
        findings = []
        for finding in result.findings:
            met, change = _met(finding, result.severity, known.get((finding.policy, finding.object)), now)
            after.append(met)
            events += [_event(change, met)] if change else []
            findings.append(replace(finding, since=met.since))
        results.append(replace(result, findings=tuple(findings)))
    judged = {result.id: result for result in results}
    found = {each.identity for each in after}
    for before in known.values():
        if before.identity not in found:
            left, change = _missed(before, judged.get(before.policy), now)
            after.append(left)
            events += [_event(change, left)] if change else []
    return replace(run, results=tuple(results), changes=Changes(previous, tuple(events))), after


def _met(finding: Finding, severity: Severity, before: Known | None, now: dt.datetime) -> tuple[Known, Change | None]:
    """Return what is known of a finding that this run found, and how that differs from before."""
    state = State.WAIVED if finding.waived else State.VIOLATED
    if before is None:
        return Known(finding.policy, finding.object, severity, state, now, now, now, due=not finding.waived), Change.NEW
    after = replace(before, severity=severity, state=state, seen=now, first=min(before.first, now))
    if not before.open:
        after = replace(after, since=now, ended=None, times=before.times + 1, due=not finding.waived or before.due)
        return after, Change.BACK
    worse = severity < before.severity and not finding.waived
    after = replace(after, since=min(before.since, now), due=before.due or worse)
    if before.state is state:
        return after, None
    if finding.waived:
        return replace(after, due=before.told or before.due), Change.WAIVED
    return replace(after, due=True), Change.COUNTS_AGAIN


def _missed(before: Known, result: Result | None, now: dt.datetime) -> tuple[Known, Change | None]:
    """Return the same of a finding that this run did not find."""
    if not before.open:
        return before, None
    if result is None or not result.judges(before.object):
        return before, Change.UNJUDGED
    return replace(before, state=State.FIXED, ended=now, seen=now, due=before.told or before.due), Change.FIXED


def _event(change: Change, known: Known) -> Event:
    return Event(change, known.policy, known.object, known.severity, known.since)


def unjudged(run: Run, known: Mapping[str, Unjudged]) -> list[Unjudged]:
    """Return the policies of which people must know that they are UNCHECKED, or that they are no longer."""
    after = dict(known)
    for result in run.results:
        before = known.get(result.id)
        if result.verdict is Verdict.UNCHECKED:
            if before is None or not before.open:
                after[result.id] = Unjudged(
                    result.id, result.severity, run.started_at, told=bool(before and before.told)
                )
        elif before is not None and before.open:
            after[result.id] = replace(before, open=False, due=before.told or before.due)
    return list(after.values())

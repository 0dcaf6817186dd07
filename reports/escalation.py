"""Whom to call and by when: as a project has it, or the runbook of the Care Collective where its pack is selected.

What the runbook says (severity levels, escalation procedures) is the Care Collective's own. In another project nobody
is named and no time limit is set, until its settings do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from audit.policy import CARE_COLLECTIVE, Severity

UNSET = "[people] and [severities] in audit.toml name whom to call, and by when"


@dataclass(frozen=True)
class Escalation:
    """What one severity asks for.

    ``call`` is who is to be called, "" when nobody is named; ``steps`` are what must have happened by when, counted
    from the moment of the finding. ``otherwise`` is what is asked for where there are no steps.
    """

    meaning: str
    call: str = ""
    steps: tuple[tuple[dt.timedelta, str], ...] = ()
    otherwise: str = ""

    @property
    def whom(self) -> str:
        """Say in a few words whom to call; "" where nothing is known of that."""
        if self.call:
            return f"call {self.call}"
        return "no call is needed" if self.otherwise else ""

    @property
    def limits(self) -> str:
        """The time limits in words, such as ``begin diagnosis within 15 minutes``."""
        return ", ".join(f"{step} within {_duration(limit)}" for limit, step in self.steps) or self.otherwise

    def brief(self, found_at: dt.datetime, now: dt.datetime) -> str:
        """Say in one line who does what at last, and by when: ``the administrator: have it fixed by 12:00``."""
        who = self.call.partition(";")[0]
        if not self.steps:
            return _together(who, self.otherwise)
        limit, step = self.steps[-1]
        due, today = (found_at + limit).astimezone(dt.UTC), now.astimezone(dt.UTC)
        return _together(who, f"{step}{', overdue since' if due < today else ' by'} {_moment(due, today)}")

    def told(self, found_at: dt.datetime, now: dt.datetime) -> str:
        """Say whom to call, and all that must have happened by when."""
        return _together(self.whom, self.by_when(found_at, now))

    @property
    def rule(self) -> str:
        """Say whom to call, and within which time limits: whenever it was found."""
        return _together(self.whom, self.limits)

    def by_when(self, found_at: dt.datetime, now: dt.datetime | None = None) -> str:
        """Say the same as points in time, such as ``begin diagnosis by 09:15 UTC``; both arguments have a time zone.

        Of what should have happened before ``now`` it says so.
        """
        found_at = found_at.astimezone(dt.UTC)
        today = (now or found_at).astimezone(dt.UTC)
        steps = [
            f"{step} by {_moment(found_at + limit, today)}{' (has passed)' if found_at + limit < today else ''}"
            for limit, step in self.steps
        ]
        return ", ".join(steps) or self.otherwise


# What the runbook of the Care Collective says.
RUNBOOK: Mapping[Severity, Escalation] = {
    Severity.P0: Escalation(
        "critical",
        "the on-call database administrator, then the lead developer; keep the platform owner informed",
        (
            (dt.timedelta(minutes=5), "contact Supabase support if the infrastructure is at fault"),
            (dt.timedelta(minutes=10), "tell the stakeholders"),
            (dt.timedelta(minutes=15), "begin diagnosis"),
        ),
    ),
    Severity.P1: Escalation(
        "high",
        "the on-call database administrator, then the lead developer",
        (
            (dt.timedelta(minutes=15), "begin diagnosis"),
            (dt.timedelta(minutes=30), "know the cause or escalate to the platform owner"),
            (dt.timedelta(hours=1), "have it fixed or worked around"),
        ),
    ),
    Severity.P2: Escalation(
        "medium",
        "the database administrator",
        (
            (dt.timedelta(hours=1), "begin investigating"),
            (dt.timedelta(hours=4), "know how to fix it"),
            (dt.timedelta(hours=24), "have it fixed"),
        ),
    ),
    Severity.P3: Escalation("low", "", otherwise="mend it in the next maintenance window"),
}


# What is known of the severities where nobody has said more.
UNSAID: Mapping[Severity, Escalation] = {severity: Escalation(known.meaning) for severity, known in RUNBOOK.items()}


def escalation_of(
    packs: Collection[str], people: Mapping[str, str], severities: Mapping[str, Mapping[str, int]]
) -> Mapping[Severity, Escalation]:
    """Return what each severity asks for in a project, which has ``packs``, names ``people`` and sets time limits.

    The limits are minutes by what must have happened.
    """
    usual = RUNBOOK if CARE_COLLECTIVE in packs else UNSAID
    return {
        severity: _as_set(known, people.get(severity), severities.get(severity)) for severity, known in usual.items()
    }


def _as_set(known: Escalation, call: str | None, steps: Mapping[str, int] | None) -> Escalation:
    if call is not None:
        known = replace(known, call=call)
    if steps is None:
        return known
    limits = sorted((dt.timedelta(minutes=limit), step) for step, limit in steps.items())
    return replace(known, steps=tuple(limits), otherwise="" if limits else "no time limit is set")


def _together(*said: str) -> str:
    return ": ".join(filter(None, said))


def _duration(limit: dt.timedelta) -> str:
    minutes = int(limit.total_seconds()) // 60
    count, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _moment(moment: dt.datetime, today: dt.datetime) -> str:
    day = "" if moment.date() == today.date() else f"{moment:%Y-%m-%d} "
    return f"{day}{moment:%H:%M} UTC"

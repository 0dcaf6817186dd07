"""Whom to call and by when: the runbook's emergency team and time limits (severity levels, escalation procedures)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from audit.policy import Severity


@dataclass(frozen=True)
class Escalation:
    """What one severity asks for.

    ``call`` is who is to be called, "" when nobody needs to be; ``steps`` are what must have happened by when, counted
    from the moment of the finding.
    """

    meaning: str
    call: str
    steps: tuple[tuple[dt.timedelta, str], ...] = ()
    otherwise: str = ""

    @property
    def whom(self) -> str:
        """Say in a few words whom to call."""
        return f"call {self.call}" if self.call else "no call is needed"

    @property
    def limits(self) -> str:
        """The time limits in words, such as ``begin diagnosis within 15 minutes``."""
        return ", ".join(f"{step} within {_duration(limit)}" for limit, step in self.steps) or self.otherwise

    def brief(self, found_at: dt.datetime, now: dt.datetime) -> str:
        """Say in one line who does what at last, and by when: ``the administrator: have it fixed by 12:00``."""
        if not self.steps:
            return self.otherwise
        limit, step = self.steps[-1]
        due, today = (found_at + limit).astimezone(dt.UTC), now.astimezone(dt.UTC)
        who = self.call.partition(";")[0]
        return f"{who}: {step}{', overdue since' if due < today else ' by'} {_moment(due, today)}"

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


ESCALATION = {
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


# What the runbook of the reference says, whatever a project has said since.
_RUNBOOK = {**ESCALATION}


def configure(people: Mapping[str, str], severities: Mapping[str, Mapping[str, int]]) -> None:
    """Let a project's own people be called, and its own limits count, which are minutes by what must have happened."""
    for severity, runbook in _RUNBOOK.items():
        steps = severities.get(severity)
        limits = tuple(sorted((dt.timedelta(minutes=limit), step) for step, limit in steps.items())) if steps else ()
        ESCALATION[severity] = replace(
            runbook,
            call=people.get(severity, runbook.call),
            steps=limits if steps is not None else runbook.steps,
            otherwise=runbook.otherwise if steps is None else "no time limit is set",
        )


def _duration(limit: dt.timedelta) -> str:
    minutes = int(limit.total_seconds()) // 60
    count, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _moment(moment: dt.datetime, today: dt.datetime) -> str:
    day = "" if moment.date() == today.date() else f"{moment:%Y-%m-%d} "
    return f"{day}{moment:%H:%M} UTC"

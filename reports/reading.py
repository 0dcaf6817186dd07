"""audit.json read back: a run as it was told, of any version of the form, so that it can be rendered again.

What a version did not have yet is left empty.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.access.results import Cell, Judged, Judgement
from audit.causes import UNKNOWN, Cause
from audit.evidence import Location, Population, Row
from audit.facts import TargetFacts
from audit.gate.results import Difference, Hazards, Lock, Reached, Rehearsal, Rehearsed, Step
from audit.policy import CORE, Severity
from audit.results import Build, Cost, Login, Migration, Sizes, Trouble, Verdict
from audit.runbook.results import Doubt, Outline, Remark, Told
from reports.escalation import Escalation, escalation_of
from reports.model import Change, Changes, Event, Finding, Identity, Past, Result, Run, Waiver

Json = Mapping[str, Any]


class ReadError(Exception):
    """A file is no audit.json; the message is one sentence."""


@dataclass
class Read(Step):
    """A statement of a gate as it was told: its words, and what it did, are texts."""

    did: str = ""

    @property
    def told(self) -> str:
        """The statement as it was told, which says already how many more there are."""
        return self.words[0]


def load(path: Path) -> Run:
    """Return the run that a file tells of. Raises ReadError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not str(document["schema_version"]).startswith("1."):
            raise ReadError(f"{path}: it is of version {document['schema_version']}, and version 1 is known here")
        return run_of(document)
    except OSError as error:
        raise ReadError(f"{path}: it cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ReadError(f"{path}: this is no audit.json") from None


def run_of(told: Json) -> Run:
    """Return the run of a document. Raises KeyError, TypeError or ValueError where it is none."""
    return Run(
        started_at=_moment(told["started_at"]),
        duration_s=told["duration_s"],
        target=TargetFacts(**told["target"]),
        results=tuple(map(_result, told["policies"])),
        migrations=tuple(map(_migration, told["migrations"])),
        unused_waivers=tuple(_waiver(each["policy"], each) for each in told["unused_waivers"]),
        strict_waivers=told["strict_waivers"],
        ended_by=told.get("ended_by", None if told["exit_status"] in (0, 1, 3, 6) else told["exit_status"]),
        notes=tuple(told["notes"]),
        matrix=_matrix(told["matrix"]) if told["matrix"] else None,
        login=_login(told["target"]["role"], told["login"]) if told["login"] else None,
        cost=_cost(told["footprint"]) if told["footprint"] else None,
        changes=_changes(told["changes"]) if told["changes"] else None,
        problems=tuple(told["problems"]),
        gate=_gate(told["gate"]) if told["gate"] else None,
        runbook=_runbook(told["runbook"]) if told["runbook"] else None,
        build=_build(told["build"]) if told.get("build") else None,
        offered=told["selected"]["of"],
        unreachable=told.get("unreachable", ""),
        identity=_identity(told.get("identity")),
        trend=tuple(map(_past, told.get("trend", ()))),
        sizes=_sizes(told.get("sizes")),
        sizes_before=_sizes(told.get("sizes_before")),
        escalation=_escalation(told),
    )


def _escalation(told: Json) -> Mapping[Severity, Escalation]:
    """Return what was asked for. Before 1.2 it was not told, and where the pack was asked it was the runbook's."""
    if "escalation" not in told:
        return escalation_of({each.get("pack", CORE) for each in told["policies"]}, {}, {})
    return {
        Severity(name): Escalation(
            each["meaning"],
            each["call"],
            tuple((dt.timedelta(minutes=step["minutes"]), step["what"]) for step in each["steps"]),
            each["otherwise"],
        )
        for name, each in told["escalation"].items()
    }


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _maybe(text: str | None) -> dt.datetime | None:
    return _moment(text) if text else None


def _result(told: Json) -> Result:
    population = told["population"]
    return Result(
        id=told["id"],
        name=told["name"],
        severity=Severity(told["severity"]),
        title=told["title"],
        explanation=told["explanation"],
        runbook=told["runbook"],
        verdict=Verdict(told["verdict"]),
        reason=told["reason"],
        population=Population(population["count"], population["of"], population["estimated"]) if population else None,
        duration_ms=told["duration_ms"],
        findings=(
            *(_finding(told["id"], each) for each in told["findings"]),
            *(Finding(told["id"], each["object"], told_by=each["told_by"]) for each in told.get("repeated", ())),
        ),
        remedy=told["remedy"],
        fix=told["fix"],
        grants=tuple(told["grants"]),
        partial=told.get("partial", False),
        wrong=told.get("wrong", ""),
        pack=told.get("pack", "core"),
    )


def _finding(policy: str, told: Json) -> Finding:
    waiver, where = told["waiver"], told["location"]
    return Finding(
        policy=policy,
        object=told["object"],
        details=told["details"],
        fix=told["fix"],
        waiver=_waiver(policy, waiver) if waiver else None,
        waiver_expired=bool(waiver and waiver["expired"]),
        location=Location(where["file"], where["line"]) if where else None,
        since=_maybe(told.get("since")),
        cause=Cause(**told["cause"]) if told.get("cause") else UNKNOWN,
        stands_for=tuple(told.get("stands_for", ())),
    )


def _waiver(policy: str, told: Json) -> Waiver:
    expires = dt.date.fromisoformat(told["expires"]) if told["expires"] else None
    return Waiver(policy, told["object"], told["reason"], told["owner"], expires, told["line"])


def _migration(told: Json) -> Migration:
    troubles = tuple(
        Trouble(each["line"], each["error"], each["sqlstate"], cause=each["cause"], aside=each["set_aside"])
        for each in told.get("troubles", ())
    )
    return Migration(told["file"], told["applied"], told["error"], told["line"], told["sqlstate"], troubles)


def _matrix(told: Json) -> Judgement:
    cells = tuple(
        Judged(
            cell["actor"],
            cell["relation"],
            cell["shape"],
            Cell(cell["verdict"]),
            tuple(cell["declared"]),
            cell["rows"],
            cell["reached"],
            cell["beyond"],
            cell["missing"],
            cell["refused_by"],
            tuple(cell["policies"]),
            cell["note"],
        )
        for cell in told["cells"]
    )
    return Judgement(cells, tuple(told["doubts"]), tuple(told["undeclared"]), tuple(told["remarks"]))


def _login(role: str, told: Json) -> Login:
    return Login(role, tuple(told["excess"]), told["unknown"])


def _cost(told: Json) -> Cost:
    return Cost(**{**told, "lock_modes": tuple(told["lock_modes"])})


def _changes(told: Json) -> Changes:
    events = tuple(
        Event(
            Change(each["change"]), each["policy"], each["object"], Severity(each["severity"]), _moment(each["since"])
        )
        for each in told["events"]
    )
    return Changes(_maybe(told["previous"]), events)


def _build(told: Json) -> Build:
    return Build(
        told["layout"], told["files"], told["applied"], told["tables"], tuple(told["missing"]),
        advice=tuple(told["advice"]),
    )  # fmt: skip


def _identity(told: Json | None) -> Identity:
    return Identity(told["tool"], told["place"], told["digests"], told["commit"]) if told else Identity()


def _past(told: Json) -> Past:
    counts = {Verdict(verdict): number for verdict, number in told["counts"].items()}
    return Past(_moment(told["started_at"]), counts, told["complete"])


def _sizes(told: Json | None) -> Sizes | None:
    return Sizes(_moment(told["at"]), told["bytes"]) if told else None


def _gate(told: Json) -> Rehearsal:
    altered = tuple(told.get("altered", ()))
    return Rehearsal(told["since"], tuple(map(_rehearsed, told["files"])), (), altered=altered)


def _rehearsed(told: Json) -> Rehearsed:
    return Rehearsed(
        told["file"],
        Migration(told["file"], told["applied"], told.get("error", "") or None, told.get("error_line")),
        tuple(map(_step, told["statements"])),
        Hazards(
            [*map(Row, told.get("losses", ()))],
            [*map(Row, told.get("waits", ()))],
            remarks=[*told["remarks"]],
            slow_lines={each["line"] for each in told["statements"] if each.get("hazardous")},
        ),
        differences=tuple(map(_difference, told["policies"])),
        reached=tuple(
            Reached(each["cell"], each["before"], each["after"], each["wider"], not each["declared"])
            for each in told["reach"]
        ),
        duration_ms=told["duration_ms"],
    )


def _step(told: Json) -> Read:
    locks = tuple(Lock(each["relation"], each["mode"], each["blocks"]) for each in told["locks"])
    words = told["statement"]
    number = told.get("count", 1)
    return Read(
        told["line"], (words,), statements=number, duration_ms=told["duration_ms"], taken=locks, did=told["did"]
    )


def _difference(told: Json) -> Difference:
    new = dict.fromkeys(told["new"], "")
    return Difference(
        told["id"], told.get("title", ""), told.get("severity", ""), told["before"], told["after"],
        told.get("reason", ""), new, tuple(told["mended"]),
    )  # fmt: skip


def _doubts(block: Json) -> Iterator[Doubt]:
    """Yield what could not be judged in a block; before 1.2 nothing was told but why."""
    if "unjudged" not in block:
        yield from (Doubt("", block["line"], reason) for reason in block["doubts"])
        return
    for each in block["unjudged"]:
        yield Doubt(each["policy"], each["line"], each["reason"], each["remedy"])


def _runbook(told: Json) -> Outline:
    blocks = tuple(
        Told(
            each["number"],
            each["line"],
            each["language"],
            tuple(each["headings"]),
            each["statements"],
            tuple(Remark(r["policy"], r["line"], r["kind"], "", r["message"], r["mend"]) for r in each["remarks"]),
            tuple(_doubts(each)),
            tuple(each["covered"]),
        )
        for each in told["blocks"]
    )
    return Outline(told["file"], blocks)

"""The page about a fleet: many databases, worst first, and what is wrong by its cause, over all of them.

It is made from the audit.json of each database, whatever machine wrote it. Names of objects are hostile in it, too:
Jinja2 escapes them, and the terminal gets them made safe.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audit.evidence import safe
from audit.results import Verdict

PAGE, DOCUMENT = "index.html", "fleet.json"
SEVERITIES = ("P0", "P1", "P2", "P3")
MOST_CAUSES = 200
MOST_NAMED = 12
TOLD = 10


@dataclass(frozen=True)
class Member:
    """One database: its verdicts by number, its violated policies by severity; ``reason``: why there is no verdict."""

    name: str
    score: int | None = None
    counts: Mapping[str, int] | None = None
    violated: Mapping[str, int] | None = None
    headline: str = ""
    reason: str = ""

    @property
    def order(self) -> tuple[Any, ...]:
        """Worst first: what is not known, then what is violated by severity, then what is unchecked."""
        if self.reason or self.violated is None or self.counts is None:
            return (0, self.name)
        worst = tuple(-self.violated.get(each, 0) for each in SEVERITIES)
        return (1, *worst, -self.counts.get(Verdict.UNCHECKED, 0), self.score or 0, self.name)


@dataclass(frozen=True)
class Cause:
    """What has to be mended, in how many databases; ``policies`` say so, the worst of them with the sentence."""

    kind: str
    name: str
    table: str
    severity: str
    sentence: str
    policies: tuple[str, ...]
    databases: tuple[str, ...]


@dataclass(frozen=True)
class Unjudged:
    """A policy that could not be judged, why, and of how many databases."""

    policy: str
    reason: str
    databases: tuple[str, ...]


@dataclass(frozen=True)
class Fleet:
    """All databases, what is wrong with them, and what is not known."""

    at: str
    members: tuple[Member, ...]
    causes: tuple[Cause, ...]
    unjudged: tuple[Unjudged, ...]

    @property
    def reached(self) -> tuple[Member, ...]:
        """Those that were judged."""
        return tuple(each for each in self.members if not each.reason)

    @property
    def unreached(self) -> tuple[Member, ...]:
        """Those that were not."""
        return tuple(each for each in self.members if each.reason)

    @property
    def verdicts(self) -> Mapping[str, int]:
        """How many databases have something violated, else something unchecked, or neither; and how many none knows."""
        found: Counter[str] = Counter(
            {"violated": 0, "unchecked": 0, "compliant": 0, "not judged": len(self.unreached)}
        )
        for each in self.reached:
            counts = each.counts or {}
            state = "violated" if counts.get("VIOLATED") else "unchecked" if counts.get("UNCHECKED") else "compliant"
            found[state] += 1
        return found

    @property
    def status(self) -> int:
        """The exit status: as an audit's, and 4 where a database was not judged."""
        found = self.verdicts
        for state, status in (("violated", 1), ("not judged", 4), ("unchecked", 6)):
            if found[state]:
                return status
        return 0


def fleet_of(documents: Mapping[str, Mapping[str, Any]], reasons: Mapping[str, str]) -> Fleet:
    """Return what is to be told, given each database's audit.json, or the reason why there is none."""
    members: list[Member] = []
    causes: dict[tuple[str, str, str], dict[str, Any]] = {}
    unjudged: dict[tuple[str, str], dict[str, None]] = {}
    for name, document in documents.items():
        try:
            members.append(_member(name, document))
            _add(name, document, causes, unjudged)
        except (KeyError, TypeError, AttributeError, ValueError):
            members.append(Member(name, reason="its report is damaged: judge it again"))
    members += [Member(name, reason=reason) for name, reason in reasons.items()]
    return Fleet(
        dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        tuple(sorted(members, key=lambda each: each.order)),
        tuple(sorted(map(_cause, causes.values()), key=_weight)),
        tuple(
            Unjudged(policy, reason, tuple(names))
            for (policy, reason), names in sorted(unjudged.items(), key=lambda each: (-len(each[1]), each[0]))
        ),
    )


def _member(name: str, document: Mapping[str, Any]) -> Member:
    violated = Counter(each["severity"] for each in document["policies"] if each["verdict"] == Verdict.VIOLATED)
    return Member(name, document["score"], dict(document["counts"]), dict(violated), str(document["headline"]))


def _add(
    name: str,
    document: Mapping[str, Any],
    causes: dict[tuple[str, str, str], dict[str, Any]],
    unjudged: dict[tuple[str, str], dict[str, None]],
) -> None:
    """Add what one database has to what all have."""
    for policy in document["policies"]:
        if policy["verdict"] == Verdict.UNCHECKED:
            unjudged.setdefault((policy["id"], policy["reason"]), {})[name] = None
        if policy["verdict"] != Verdict.VIOLATED:
            continue
        for finding in policy["findings"]:
            if finding["waiver"]:
                continue
            cause = finding["cause"]
            known = causes.setdefault(
                (cause["kind"], cause["name"], cause["table"]),
                {**{key: cause[key] for key in ("kind", "name", "table")}, "policies": {}, "databases": {}},
            )
            known["policies"][policy["id"]] = (policy["severity"], policy.get("wrong") or policy["title"])
            known["databases"][name] = None


def _cause(known: Mapping[str, Any]) -> Cause:
    severity, sentence = min(known["policies"].values())
    policies, databases = tuple(sorted(known["policies"])), tuple(known["databases"])
    return Cause(known["kind"], known["name"], known["table"], severity, sentence, policies, databases)


def _weight(cause: Cause) -> tuple[Any, ...]:
    return (cause.severity, -len(cause.databases), cause.kind, cause.name, cause.table)


def told(document: Mapping[str, Any]) -> str:
    """Say in a line what became of one database."""
    return safe(str(document.get("headline") or "its report is damaged"))


def lines(fleet: Fleet) -> Iterator[str]:
    """Yield what is told on the terminal."""
    from reports import wording  # not above: as in page

    yield from map(wording.printed, _lines(fleet))


def _lines(fleet: Fleet) -> Iterator[str]:
    found = ", ".join(f"{number} {state}" for state, number in fleet.verdicts.items())
    yield f"{len(fleet.members)} databases: {found}"
    for each in fleet.unreached[:TOLD]:
        yield f"  {safe(each.name)} was not judged: {safe(each.reason)}"
    for cause in fleet.causes[:TOLD]:
        where = f" on {safe(cause.table)}" if cause.table else ""
        of = f"in {len(cause.databases)} of {len(fleet.reached)}"
        yield f"  {cause.severity} {safe(cause.sentence)} ({cause.kind} {safe(cause.name)}{where}): {of}"


def page(fleet: Fleet) -> str:
    """Return the page about all of them."""
    from reports import wording  # not above: pytest wants to be the first to import the renderers
    from reports.renderers import html

    template = html.environment().get_template("fleet.html.jinja")
    return template.render(
        fleet=fleet, severities=SEVERITIES, causes=fleet.causes[:MOST_CAUSES], most=MOST_NAMED, body="fleet",
        title=f"{wording.TITLE}: {len(fleet.members)} databases", **html.framed(html.style()),
    )  # fmt: skip


def write(fleet: Fleet, folder: Path) -> None:
    """Write the page and the same as JSON into a folder. Raises OSError."""
    document = {**asdict(fleet), "verdicts": dict(fleet.verdicts), "exit_status": fleet.status}
    text = page(fleet)
    for name, content in ((DOCUMENT, json.dumps(document, indent=1)), (PAGE, text)):
        draft = folder / f".{name}"
        draft.write_text(content, encoding="utf-8")
        draft.replace(folder / name)

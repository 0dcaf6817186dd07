"""What is wrong, by cause: findings of several policies about the same thing are one thing to mend, the gravest first.

A finding's cause says which table, function or role it is about; where it is not known, its object names it. Things
that suffer gravest from the same are one cause, too: thirty foreign keys without an index are one task.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from audit.evidence import safe
from audit.policy import Severity
from audit.results import Verdict
from reports import wording
from reports.model import Finding, Result, Run

# schema.name, each plain or quoted, with arguments or without.
_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_QUALIFIED = re.compile(rf"(?<![\w.$\"])({_NAME}\.{_NAME})")

# Among equals in severity, what is told first: who gets everything, who gets more, what everybody sees; then damage,
# and what does not work. Areas stand for all their other policies.
GRAVEST = (
    "RLS-12", "CONF-04", "RLS-09", "AUTH-07", "RLS-06", "EXPO-15", "RLS-02", "RLS-01", "RLS-04", "EXPO-06", "EXPO-01",
    "EXPO-05", "EXPO-04", "RLS-07", "EXPO-11", "MIG-03", "MIG-06", "RLS-13", "CONTACT", "MSG", "HELP", "MAINT-11",
    "MAINT-07", "MON-01", "AUTH", "RLS", "EXPO", "MAINT", "MIG-05", "MIG-01", "MIG-04", "DRIFT",
)  # fmt: skip
LONG = 120  # of an object, where nothing shorter says what a cause is about
_PLACES = {name: place for place, name in enumerate(GRAVEST)}

# Who reaches what: these areas look at the same things from several sides. What others find about a table is no part
# of that, and a task of its own.
_ACCESS = frozenset({"AUTH", "CONTACT", "EXPO", "HELP", "MSG", "RLS"})


def area(policy: str) -> str:
    """Return the first word of a policy's id: ``RLS``."""
    return policy.partition("-")[0]


def gravity(result: Result) -> tuple[Severity, int, str]:
    """Return what policies are ordered by, the gravest first."""
    place = _PLACES.get(result.id, _PLACES.get(area(result.id), len(_PLACES)))
    return result.severity, place, result.id


def gravest(run: Run) -> tuple[Result, ...]:
    """Return what is violated, the gravest first: where a list is cut, the worst of it is told."""
    if run.gate:
        return wording.violated(run)
    return tuple(sorted(run.having(Verdict.VIOLATED), key=gravity))


def anchor(policy: str, obj: str) -> str:
    """Return the fragment by which a finding is linked to, which is the same in every run."""
    return "f-" + hashlib.sha256(json.dumps([policy, obj]).encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Part:
    """What one policy says of a cause."""

    result: Result
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Cause:
    """One thing to mend: the ``things`` that it is about, and what each policy says of them, the gravest first."""

    number: int
    things: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def severity(self) -> Severity:
        """The worst of its policies' severities."""
        return self.parts[0].result.severity

    @property
    def title(self) -> str:
        """What is wrong, in the words of the gravest policy."""
        return self.parts[0].result.wrong or wording.title(self.parts[0].result)

    @property
    def about(self) -> str:
        """What it is about: ``public.profiles``, or ``public.a, public.b and 3 more``."""
        things = self.things or tuple(wording.cut(finding.object, LONG) for finding in self.parts[0].findings)
        more = f" and {len(things) - 2:,} more" if len(things) > 2 else ""
        return safe(", ".join(things[:2])) + more

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, of all policies."""
        return tuple(finding for part in self.parts for finding in part.findings)

    @property
    def since(self) -> dt.datetime | None:
        """When the oldest of them was seen first."""
        return min((finding.since for finding in self.findings if finding.since), default=None)

    @property
    def anchor(self) -> str:
        """The fragment by which it is linked to."""
        first = self.findings[0] if self.findings else None
        return "cause-" + anchor(self.parts[0].result.id, first.object if first else "")[2:]

    def names(self, policy: str) -> bool:
        """Tell whether a policy complains of it."""
        return any(part.result.id == policy for part in self.parts)

    @property
    def fixes(self) -> tuple[str, ...]:
        """What mends it, each statement once."""
        return tuple(dict.fromkeys(finding.fix.strip() for finding in self.findings if finding.fix.strip()))

    @property
    def first_step(self) -> str:
        """What to do first, in a line: the beginning of the first statement, or what somebody has to decide."""
        first = next(iter(self.fixes), "")
        lines = [line.strip() for line in wording.lines(first).split("\n") if line.strip()]
        prose = " ".join(line.removeprefix("--").strip() for line in lines)
        return next((line for line in lines if not line.startswith("--")), prose)


def thing(finding: Finding) -> str:
    """Return what a finding is about: the table of its cause, or the function or role that it is; "" for neither."""
    cause = finding.cause
    if cause.table:
        return cause.table
    if cause.kind not in ("other", "file"):
        found = _QUALIFIED.match(cause.name)
        return found[1] if found else cause.name
    found = _QUALIFIED.search(finding.object.partition(" on ")[2]) or _QUALIFIED.search(finding.object)
    return found[1] if found else ""


def _group(finding: Finding) -> tuple[str, str]:
    """Return what findings of the same cause have in common."""
    if area(finding.policy) in _ACCESS and (name := thing(finding)):
        return "access", name
    return finding.policy, thing(finding)


def causes(run: Run) -> tuple[Cause, ...]:
    """Return what is wrong, the gravest cause first; a policy that is violated without findings is one of its own."""
    return tuple(_numbered(_merged(_grouped(run.having(Verdict.VIOLATED)))))


def _grouped(results: Iterable[Result]) -> dict[tuple[str, str], dict[str, Part]]:
    """Return the findings that count, by cause and policy."""
    found: dict[tuple[str, str], dict[str, Part]] = {}
    for result in results:
        lists: dict[tuple[str, str], list[Finding]] = {}
        for finding in wording.unwaived(result):
            lists.setdefault(_group(finding), []).append(finding)
        elsewhere = any(finding.told_by for finding in result.findings)
        for key, findings in (lists or ({} if elsewhere else {(result.id, ""): []})).items():
            found.setdefault(key, {})[result.id] = Part(result, tuple(findings))
    return found


def _merged(grouped: dict[tuple[str, str], dict[str, Part]]) -> Iterator[tuple[tuple[str, ...], tuple[Part, ...]]]:
    """Put together things of which the same policy is the gravest: they suffer from the same, and are mended alike."""
    alike: dict[str, list[tuple[str, dict[str, Part]]]] = {}
    for (_, name), parts in grouped.items():
        gravest = min((part.result for part in parts.values()), key=gravity)
        alike.setdefault(gravest.id, []).append((name, parts))
    for members in alike.values():
        together: dict[str, Part] = {}
        for _, parts in members:
            for policy, part in parts.items():
                before = together[policy].findings if policy in together else ()
                together[policy] = Part(part.result, before + part.findings)
        things = tuple(dict.fromkeys(name for name, _ in members if name))
        yield things, tuple(sorted(together.values(), key=lambda part: gravity(part.result)))


def _numbered(found: Iterable[tuple[tuple[str, ...], tuple[Part, ...]]]) -> Iterator[Cause]:
    ordered = sorted(found, key=lambda each: (gravity(each[1][0].result), -len(each[1]), each[0]))
    for number, (things, parts) in enumerate(ordered, 1):
        yield Cause(number, things, parts)


def headline(run: Run) -> str:
    """Say in one sentence what is worst, and how much more there is; else what the verdict is."""
    found = causes(run)
    if not found or run.unreachable:
        return wording.verdict_line(run)
    first, severity = found[0], found[0].severity
    others = sum(cause.severity is severity for cause in found) - 1
    if others:
        return f"{first.title}; and {wording.counted(others, f'more {severity} cause')}."
    lesser = len(found) - 1
    return f"{first.title}" + (f"; and {wording.counted(lesser, 'lesser cause')}." if lesser else ".")


# What has to be done before what: an object has to be there before rights on it are given.
_ORDER = (
    re.compile(r"^\s*create\s+(or\s+replace\s+)?(schema|type|table|extension|sequence|domain)\b", re.IGNORECASE),
    re.compile(r"^\s*(create|alter)\s+(or\s+replace\s+)?(function|procedure|routine|view)\b", re.IGNORECASE),
    re.compile(r"^\s*alter\s+table\b.*\brow\s+level\s+security\b", re.IGNORECASE),
    re.compile(r"^\s*(create|alter|drop)\s+policy\b", re.IGNORECASE),
    re.compile(r"^\s*(grant|revoke|alter\s+default)\b", re.IGNORECASE),
)
# https://www.postgresql.org/docs/current/sql-createindex.html and the pages of the others: not inside a transaction.
_ALONE = re.compile(
    r"^[ \t]*+(vacuum|create\s+(unique\s+)?index\s+concurrently|drop\s+index\s+concurrently|reindex\b.*\bconcurrently"
    r"|alter\s+system|create\s+database|drop\s+database)\b",
    re.IGNORECASE | re.MULTILINE,
)


def is_prose(fix: str) -> bool:
    """Tell whether a fix is only comments: what somebody has to decide."""
    return all(not line.strip() or line.lstrip().startswith("--") for line in fix.splitlines())


def _place(fix: str) -> int:
    code = "\n".join(line for line in fix.splitlines() if not line.lstrip().startswith("--"))
    return next((place for place, form in enumerate(_ORDER) if form.search(code)), len(_ORDER))


def in_order(fixes: Iterable[str]) -> list[str]:
    """Return fixes with what depends on others after them."""
    return sorted(fixes, key=_place)


def alone(fix: str) -> bool:
    """Tell whether a fix cannot be inside a transaction."""
    return bool(_ALONE.search(fix))


def script(run: Run) -> str:
    """Return all fixes as one script: what depends on others after them, in a transaction as far as that is possible.

    What somebody has to decide stands at the end, as comments.
    """
    fixes = dict.fromkeys(
        wording.lines(fix)
        for cause in causes(run)
        for fix in cause.fixes
        if not _ALONE.search(fix) and not is_prose(fix)
    )
    alone = dict.fromkeys(wording.lines(fix) for cause in causes(run) for fix in cause.fixes if _ALONE.search(fix))
    prose = dict.fromkeys(wording.lines(fix) for cause in causes(run) for fix in cause.fixes if is_prose(fix))
    parts = ["-- Read each statement before you run it: it was written from what the audit saw, by rule."]
    if fixes:
        parts += ["begin;", *map(_ended, sorted(fixes, key=_place)), "commit;"]
    if alone:
        parts += ["-- Not inside a transaction:", *map(_ended, alone)]
    if prose:
        parts += ["-- What somebody has to decide:", *prose]
    return "\n\n".join(parts) + "\n" if len(parts) > 1 else ""


def _ended(fix: str) -> str:
    """Return a fix that ends with a semicolon, so that the next one begins a statement of its own."""
    last = next((line for line in reversed(fix.splitlines()) if line.strip()), "")
    return fix if last.lstrip().startswith("--") or last.rstrip().endswith(";") else f"{fix};"

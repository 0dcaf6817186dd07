"""The database in figures: how large it is and how it grows, its connections, its slow statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.evidence import safe
from audit.results import Verdict
from reports import wording
from reports.model import Finding, Result, Run

MOST = 12
CONNECTIONS = "MON-02"
STATEMENTS = "PERF-01"


@dataclass(frozen=True)
class Size:
    """How large something is, in words, how it has grown, and how much that is of the largest thing."""

    name: str
    told: str
    growth: str
    share: int


@dataclass(frozen=True)
class Bar:
    """Something that was found, and how much of the whole, or of the largest, it is: a percentage."""

    finding: Finding
    share: int


@dataclass(frozen=True)
class Overview:
    """What is told of the database; what is empty is not known.

    ``statements`` are compared by the time that they took together, ``full`` are connections in use of those there are.
    """

    sizes: tuple[Size, ...]
    before: str
    connections: str
    full: tuple[Bar, ...]
    statements: tuple[Bar, ...]


def overview(run: Run) -> Overview:
    """Return what a run knows of the database as a whole."""
    results = {result.id: result for result in run.results}
    slow = results.get(STATEMENTS)
    return Overview(
        tuple(_sizes(run)),
        wording.moment(run.sizes_before.at) if run.sizes_before else "",
        _connections(run),
        tuple(_full(results.get(CONNECTIONS))),
        tuple(_statements(slow.findings if slow else ())),
    )


def _full(result: Result | None) -> Iterator[Bar]:
    for finding in result.findings if result else ():
        available = _number(finding, "available")
        if available:
            yield Bar(finding, min(100, round(100 * _number(finding, "used") / available)))


def _statements(findings: Sequence[Finding]) -> Iterator[Bar]:
    taken = [(_number(each, "calls") * _number(each, "average_ms"), each) for each in findings]
    largest = max((total for total, _ in taken), default=0) or 1
    for total, finding in sorted(taken, key=lambda each: -each[0]):
        yield Bar(finding, round(100 * total / largest))


def _number(finding: Finding, name: str) -> float:
    value = finding.details.get(name)
    return value if isinstance(value, int | float) else 0


def _connections(run: Run) -> str:
    result = next((result for result in run.results if result.id == CONNECTIONS), None)
    if result is None or result.verdict is Verdict.NOT_APPLICABLE:
        return ""
    details = [f"{safe(each.object)}: {_listed(each)}" for each in result.findings]
    return f"{wording.WORDS[result.verdict]}, {wording.title(result)}" + ("; " + "; ".join(details) if details else "")


def _listed(finding: Finding) -> str:
    return ", ".join(f"{name} {value}" for name, value in finding.details.items())


def _sizes(run: Run) -> Iterator[Size]:
    if run.sizes is None or not run.sizes.bytes:
        return
    then = run.sizes_before.bytes if run.sizes_before else {}
    ordered = sorted(run.sizes.bytes.items(), key=lambda each: -each[1])[:MOST]
    largest = ordered[0][1] or 1
    for name, size in ordered:
        growth = f"{(size - then[name]) * 100 / then[name]:+.1f} %" if then.get(name) else "not known"
        yield Size(name, pretty(size), growth, round(100 * size / largest))


def pretty(size: float) -> str:
    """Return a number of bytes in words: ``1.5 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} TB"

"""annotations.txt: GitHub's workflow commands, which a step prints: ``cat reports/out/annotations.txt``.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands. GitHub shows ten of a kind for a
step: the worst come first, and each policy has one, with how many findings it stands for.
"""

from __future__ import annotations

from collections.abc import Iterator

from audit.policy import Severity
from audit.results import Verdict
from reports import wording
from reports.causes import gravest
from reports.model import Result, Run

LEVELS = {Severity.P0: "error", Severity.P1: "error", Severity.P2: "warning", Severity.P3: "notice"}


def render(run: Run) -> str:
    """Return one line for each policy that is violated or unchecked, and one with the verdict."""
    level = "notice" if run.exit_status == 0 else "error"
    return "".join(f"{line}\n" for line in (*_lines(run), _command(level, {}, wording.verdict_line(run))))


def _lines(run: Run) -> Iterator[str]:
    for result in gravest(run):
        yield _command(LEVELS[result.severity], _place(result), f"{result.wrong}: {_objects(result)}")
    for result in run.having(Verdict.UNCHECKED):
        yield _command("warning", _title(result), f"Not checked: {wording.title(result)}: {result.reason}")


def _objects(result: Result) -> str:
    findings = wording.unwaived(result)
    more = f" and {len(findings) - 3:,} more" if len(findings) > 3 else ""
    return f"{wording.extent(result)}: {', '.join(wording.cut(each.object) for each in findings[:3])}{more}"


def _title(result: Result) -> dict[str, str]:
    return {"title": f"{result.severity} {result.id}"}


def _place(result: Result) -> dict[str, str]:
    where = next((finding.location for finding in wording.unwaived(result) if finding.location), None)
    if where is None:
        return _title(result)
    return {"file": where.file, **({"line": str(where.line)} if where.line else {}), **_title(result)}


def _command(level: str, properties: dict[str, str], message: str) -> str:
    """Return one command; what would end it, or begin another one, is escaped as GitHub's own toolkit does."""
    told = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    return f"::{level}{' ' if told else ''}{told}::{_escaped(message)}"


def _escaped(text: str, others: str = "") -> str:
    plain = wording.printed(wording.cut(text, 1_000)).replace("%", "%25")
    for character in others:
        plain = plain.replace(character, f"%{ord(character):02X}")
    return plain

"""findings.csv: one row for each finding, and one for each policy without any, for spreadsheets and for auditors.

As in JUnit, objects are told and details of rows are not.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from audit.evidence import safe
from reports import controls, wording
from reports.model import Finding, Result, Run

COLUMNS = (
    "policy", "severity", "verdict", "what is wrong", "what must hold", "object", "file", "line", "since", "state",
    "waived until", "owner", "reason", "chapter", "pack", "controls", "fix",
)  # fmt: skip

# What a spreadsheet would take for a formula: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def render(run: Run) -> str:
    """Return the run as CSV (RFC 4180), the worst first."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for result in sorted(run.results, key=lambda result: (result.severity, result.id)):
        writer.writerows([_harmless(cell) for cell in row] for row in _rows(result))
    return text.getvalue()


def _rows(result: Result) -> Iterator[list[str]]:
    for finding in result.findings or (None,):
        yield [
            result.id, result.severity.value, result.verdict.value, result.wrong, wording.title(result),
            *(_finding(finding) if finding else ["", "", "", "", "", "", "", result.reason]),
            result.runbook, result.pack, "; ".join(controls.of(result.id)), finding.fix if finding else "",
        ]  # fmt: skip


def _finding(finding: Finding) -> list[str]:
    where, waiver = finding.location, finding.waiver
    return [
        safe(finding.object),
        where.file if where else "",
        str(where.line) if where and where.line else "",
        wording.moment(finding.since) if finding.since else "",
        _state(finding),
        waiver.until if waiver else "",
        waiver.owner if waiver else "",
        waiver.reason if waiver else "",
    ]


def _state(finding: Finding) -> str:
    if finding.told_by:
        return f"told with {finding.told_by}"
    if finding.waived:
        return "waived"
    return "waiver expired" if finding.waiver_expired else "open"


def _harmless(text: str) -> str:
    """Return a cell that is text to every spreadsheet, free of control characters."""
    plain = wording.lines(text)
    return f"'{plain}" if plain.lstrip().startswith(FORMULA) else plain

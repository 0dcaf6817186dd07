"""audit.md: short enough for a comment on a pull request and for the summary of a job, with the details folded.

Names of the audited database stand in code only: there no link, mention, number of an issue, markup or HTML is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

import pytest

from reports import folder, matrix, wording
from reports.escalation import ESCALATION
from reports.model import Finding, Result, Run, Verdict

# GitHub refuses comments of more than 65,536 characters; some are left for what a workflow puts round this.
MOST_CHARACTERS = 60_000
MOST_OBJECTS = 10
MOST_FIX_LINES = 30
MOST_WAIVED = 20


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write ``audit.md``."""
    folder.write(session, "markdown", render)


def render(run: Run) -> str:
    """Return the run as Markdown of at most MOST_CHARACTERS characters: what does not fit any more is counted."""
    head = "\n".join(_head(run))
    room = MOST_CHARACTERS - len(head) - 200
    parts = [head]
    left = 0
    for part in _parts(run):
        if left or len(part) > room:
            left += 1
            continue
        room -= len(part) + 1
        parts.append(part)
    if left:
        parts.append(f"\n{wording.counted(left, 'more entry', 'more entries')} in audit.json.\n")
    return "\n".join(parts)


def _head(run: Run) -> Iterator[str]:
    yield "## Care Collective database audit\n"
    yield f"**{wording.verdict_line(run)}** Exit status {run.exit_status}.\n"
    yield "| " + " | ".join([*(wording.WORDS[v] for v in Verdict), "policies", "score"]) + " |"
    yield "|" + " --- |" * (len(Verdict) + 2)
    numbers = [f"{number:,}" for number in run.counts().values()]
    yield "| " + " | ".join([*numbers, f"{len(run.results):,}", wording.score(run)]) + " |\n"
    yield f"{code(wording.facts(run))}, {run.started_at:%Y-%m-%d %H:%M:%S %Z}\n"
    if run.matrix is not None:
        yield f"Who reaches what: {matrix.summary(run.matrix)}.\n"


def _parts(run: Run) -> Iterator[str]:
    """Yield what is told, the worst first, so that what is left out in the end is the least."""
    severity = None
    for result in run.having(Verdict.VIOLATED):
        if result.severity is not severity:
            severity = result.severity
            escalation = ESCALATION[severity]
            yield (
                f"### Violated: {severity}, {escalation.meaning}\n\n"
                f"Call {escalation.call}: {escalation.by_when(run.started_at)}.\n"
            )
        yield _violated(result)
    yield from _listed("Unchecked", (_unchecked(result) for result in run.having(Verdict.UNCHECKED)))
    failed = [migration for migration in run.migrations if not migration.applied]
    yield from _listed("Migrations that failed", (f"{code(m.file)}: {code(m.error or '')}" for m in failed))
    yield from _listed("Waived", _waived(run), MOST_WAIVED)
    unused = (f"line {w.line}: {w.policy} {code(w.object)}" for w in run.unused_waivers)
    yield from _listed("Waivers that match nothing", unused, MOST_WAIVED)
    yield from _listed("Notes", map(code, run.notes))


def _violated(result: Result) -> str:
    findings = wording.unwaived(result)
    lines = [f"<details><summary>{_summary(result)}</summary>\n"]
    if result.reason:
        lines.append(f"{code(result.reason)}\n")
    lines += [f"- {_finding(finding)}" for finding in findings[:MOST_OBJECTS]]
    if len(findings) > MOST_OBJECTS:
        lines.append(f"- and {len(findings) - MOST_OBJECTS:,} more in audit.json")
    if findings and findings[0].fix:
        lines.append(f"\nWhat mends {'it' if len(findings) == 1 else 'the first'}:\n\n{block(findings[0].fix)}")
    return "\n".join([*lines, "\n</details>\n"])


def _summary(result: Result) -> str:
    # Markdown is not read in a line of HTML: what is hostile is escaped, and in code nobody is mentioned.
    extent = wording.cut(wording.extent(result))
    return f"{result.severity} <b>{result.id}</b> {escape(wording.title(result))}: <code>{escape(extent)}</code>"


def _finding(finding: Finding) -> str:
    place = f" in {code(str(finding.location))}" if finding.location else ""
    expired = f" (its waiver expired on {finding.waiver.expires})" if finding.waiver else ""
    return f"{code(finding.object)}{place}{expired}"


def _unchecked(result: Result) -> str:
    return (
        f"{result.severity} **{result.id}** {plain(wording.title(result))}: {code(result.reason)}; "
        f"to enable: {code(result.remedy or wording.NO_REMEDY)}"
    )


def _waived(run: Run) -> Iterator[str]:
    for result in sorted(run.results, key=lambda result: result.id):
        for finding in result.findings:
            if finding.waiver and not finding.waiver_expired:
                waiver = finding.waiver
                accepted = f"{code(waiver.reason)} ({code(waiver.owner)}, until {waiver.expires})"
                yield f"**{result.id}** {code(finding.object)}: {accepted}"


def _listed(heading: str, entries: Iterable[str], most: int = 1_000) -> Iterator[str]:
    """Yield a folded list; without entries, nothing."""
    found = list(entries)
    if not found:
        return
    lines = [f"- {entry}" for entry in found[:most]]
    if len(found) > most:
        lines.append(f"- and {len(found) - most:,} more in audit.json")
    # In pieces, so that a list which is too long for the rest of the room is not left out whole.
    for start in range(0, len(lines), 10):
        more = "" if start == 0 else ", continued"
        piece = "\n".join(lines[start : start + 10])
        yield f"<details><summary>{heading} ({len(found):,}){more}</summary>\n\n{piece}\n\n</details>\n"


def plain(text: str) -> str:
    """Return our own words with everything escaped that Markdown or HTML could read."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~$@&])", r"\\\1", wording.cut(text))


def code(text: str) -> str:
    """Return a text as a code span in one line: fenced by more backticks than it has in a row."""
    text = wording.cut(text) or " "
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    # One space at both ends is taken off again by whoever reads it.
    return f"{fence} {text} {fence}" if text.startswith("`") or text.endswith("`") else f"{fence}{text}{fence}"


def block(text: str) -> str:
    """Return SQL as a block of code, fenced by more backticks than it has in a row."""
    lines = wording.lines(text).strip().split("\n")
    shown = [wording.cut(line) for line in lines[:MOST_FIX_LINES]]
    if len(lines) > MOST_FIX_LINES:
        shown.append(f"-- and {len(lines) - MOST_FIX_LINES:,} more lines in audit.json")
    longest = max(map(len, re.findall("`+", "\n".join(shown))), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}sql", *shown, fence])

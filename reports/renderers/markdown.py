"""audit.md: short enough for a comment on a pull request and for the summary of a job, with the details folded.

Names of the audited database stand in code only: there no link, mention, number of an issue, markup or HTML is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import accumulate

from audit.evidence import safe
from audit.results import Verdict
from reports import conduct, gate, matrix, runbook, wording
from reports.causes import gravest, headline
from reports.model import Finding, Result, Run

# GitHub refuses comments of more than 65,536 characters; some are left for what a workflow puts round this.
MOST_CHARACTERS = 60_000
MOST_OBJECTS = 10
MOST_FIX_LINES = 20
MOST_LISTED = 20
ROOM_FOR_THE_END = 100


@dataclass(frozen=True)
class Entry:
    """One thing that is told, in full and in brief."""

    full: str
    brief: str


def render(run: Run) -> str:
    """Return the run as Markdown of at most MOST_CHARACTERS characters.

    Every entry is there at least in brief, as far as they fit; the worst are told in full, as long as there is room.
    """
    head = "\n".join(_head(run))
    entries = [*_entries(run)]
    room = MOST_CHARACTERS - len(head) - ROOM_FOR_THE_END
    fitting = sum(size <= room for size in accumulate(len(entry.brief) + 1 for entry in entries))
    room -= sum(len(entry.brief) + 1 for entry in entries[:fitting])
    parts = [head]
    for entry in entries[:fitting]:
        more = len(entry.full) - len(entry.brief)
        parts.append(entry.full if more <= room else entry.brief)
        room -= more if more <= room else 0
    if fitting < len(entries):
        parts.append(f"{wording.counted(len(entries) - fitting, 'more entry', 'more entries')} in audit.json.\n")
    return "\n".join(parts)


def _head(run: Run) -> Iterator[str]:
    yield f"## {wording.TITLE}\n"
    verdict, worst = wording.verdict_line(run), headline(run)
    if worst != verdict:
        yield f"**{escape(worst)}**\n"
    yield f"**{verdict}** Exit status {run.exit_status}.\n"
    columns = {wording.WORDS[verdict]: f"{number:,}" for verdict, number in run.counts().items()}
    columns["policies"] = f"{len(run.results):,}"
    if not run.selective:
        columns["score"] = wording.score(run)
    yield f"| {' | '.join(columns)} |"
    yield "|" + " --- |" * len(columns)
    yield f"| {' | '.join(columns.values())} |\n"
    yield f"{code(wording.facts(run))}, {run.started_at:%Y-%m-%d %H:%M:%S %Z}\n"
    for line in wording.built(run):
        yield f"{code(line)}\n"
    if run.matrix is not None:
        yield f"Who reaches what: {matrix.summary(run.matrix)}.\n"
    if line := wording.changes_line(run):
        yield f"{line}\n"


def _entries(run: Run) -> Iterator[Entry]:
    """Yield what is told, the worst first."""
    if run.problems:
        told = "\n".join(f"- {code(problem)}" for problem in run.problems[:MOST_LISTED])
        yield Entry(f"### What went wrong beside the audit\n\n{told}\n", "### Something went wrong beside the audit\n")
    if run.changes and run.changes.previous:
        changed = (f"{e.change}: {e.severity} **{e.policy}** {code(e.object)}" for e in wording.events(run))
        yield from _folded("What has changed", changed)
    severity = None
    for result in gravest(run):
        if result.severity is not severity:
            severity = result.severity
            called = wording.capital(wording.summons(severity, run))
            heading = f"### Violated: {severity}, {run.escalation[severity].meaning}"
            yield _always(f"{heading}\n\n{called}.\n" if called else f"{heading}\n")
        yield Entry(_violated(result, run), f"- {_summary(result)}\n")
    if unchecked := run.having(Verdict.UNCHECKED):
        yield _always("### Unchecked: nobody knows whether these hold\n")
    for result in unchecked:
        why = f"Because: {code(result.reason)}\n\nTo enable it: {code(result.remedy or wording.NO_REMEDY)}"
        told = _name(result)
        yield Entry(f"<details><summary>{told}</summary>\n\n{why}\n\n</details>\n", f"- {told}\n")
    for each in run.gate.files if run.gate else ():
        yield from _folded(
            f"<code>{escape(wording.cut(each.file))}</code>: {gate.headline(each)}", map(code, gate.markdown(each))
        )
    yield from _folded("The runbook, block by block", map(code, runbook.lines(run.runbook) if run.runbook else ()))
    yield from _folded(
        "Migrations that failed", (f"{code(m.file)}: {code(m.error or '')}" for m in wording.failed(run))
    )
    yield from _folded("Waived", _waived(run))
    unused = (f"line {w.line}: {w.policy} {code(w.object)}" for w in run.unused_waivers)
    yield from _folded("Waivers that match nothing", unused)
    yield from _folded("The audit's login", map(code, filter(None, [conduct.excess(run)])))
    yield from _folded("Notes", map(code, run.notes))


def _always(text: str) -> Entry:
    return Entry(text, text)


def _violated(result: Result, run: Run) -> str:
    findings = wording.unwaived(result)
    lines = [f"<details><summary>{_summary(result)}</summary>\n"]
    if run.changes:
        lines.append(f"{wording.clock(result, run)}\n")
    if result.reason:
        lines.append(f"{code(result.reason)}\n")
    lines += [f"- {_finding(finding)}" for finding in findings[:MOST_OBJECTS]]
    if len(findings) > MOST_OBJECTS:
        lines.append(f"- and {len(findings) - MOST_OBJECTS:,} more in audit.json")
    if findings and findings[0].fix:
        lines.append(f"\nWhat mends {'it' if len(findings) == 1 else 'the first'}:\n\n{block(findings[0].fix)}")
    return "\n".join([*lines, "\n</details>\n"])


def _name(result: Result) -> str:
    # Markdown is not read in a line of HTML: it is escaped instead, and in code nobody is mentioned.
    wrong = result.wrong if result.verdict is Verdict.VIOLATED else ""
    return f"{result.severity} <b>{result.id}</b> {escape(safe(wrong) or wording.title(result))}"


def _summary(result: Result) -> str:
    return f"{_name(result)}: <code>{escape(wording.cut(wording.extent(result)))}</code>"


def _finding(finding: Finding) -> str:
    place = f" in {code(str(finding.location))}" if finding.location else ""
    expired = f" (its waiver expired on {finding.waiver.expires})" if finding.waiver else ""
    return f"{code(finding.object)}{place}{expired}"


def _waived(run: Run) -> Iterator[str]:
    for result in sorted(run.results, key=lambda result: result.id):
        for finding in result.findings:
            if finding.waiver and not finding.waiver_expired:
                waiver = finding.waiver
                accepted = f"{code(waiver.reason)} ({code(waiver.owner)}, until {waiver.until})"
                yield f"**{result.id}** {code(finding.object)}: {accepted}"


def _folded(heading: str, texts: Iterable[str]) -> Iterator[Entry]:
    """Yield a folded list; without texts, nothing."""
    found = list(texts)
    if not found:
        return
    lines = [f"- {text}" for text in found[:MOST_LISTED]]
    if len(found) > MOST_LISTED:
        lines.append(f"- and {len(found) - MOST_LISTED:,} more in audit.json")
    head = f"{heading} ({len(found):,})"
    listed = "\n".join(lines)
    yield Entry(f"<details><summary>{head}</summary>\n\n{listed}\n\n</details>\n", f"{head}: see audit.json\n")


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

"""The first screen as text: at most 40 lines of 80 columns, worst causes first; all the rest is in the files."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from audit.evidence import safe
from audit.policy import Severity
from audit.results import Migration, Verdict
from reports import causes, conduct, matrix, runbook, trust, wording
from reports.causes import Cause
from reports.model import Change, Run

WIDTH = 80
LINES = 36  # with what is said of the target at the beginning, one screen of 40
LONG = 120  # a word that no line can hold
MOST = 3  # of a kind, beside the causes
MOST_EVENTS = 4
MOST_FILES = 5  # more are only counted
LEAST_CAUSES = 2
WITH_FIX = 1
BASELINE = "the baseline accepts until they are mended"
INDENT = "      "

Line = tuple[str, dict[str, bool]]

COLOURS = {
    Severity.P0: {"red": True, "bold": True},
    Severity.P1: {"red": True},
    Severity.P2: {"yellow": True},
    Severity.P3: {},
}
UNCHECKED = {"purple": True, "bold": True}


def screen(run: Run, files: Sequence[Path] = ()) -> list[Line]:
    """Return all that is printed but the verdict, which comes last of all."""
    shown = files if len(files) <= MOST_FILES else files[: MOST_FILES - 1]
    written: list[Line] = [(f"report: {safe(str(path))}", {}) for path in shown]
    if len(files) > len(shown):
        written.append((f"{INDENT}and {len(files) - len(shown)} more", {}))
    written += [(safe(problem), {"red": True}) for problem in run.unwritten]
    if run.unreachable:  # the last line says it
        return written
    return summary(run, LINES - len(written) - len(wrapped(wording.verdict_line(run))) - 1) + written


def summary(run: Run, room: int = LINES) -> list[Line]:
    """Return what was found in so many lines; none has a control character of the database in it."""
    before = [*_what(run), *_changed(run), *_clocks(run)]
    least = LEAST_CAUSES * 3 if run.having(Verdict.VIOLATED) else 0
    after = _cut([*_unchecked(run), *_rest(run)], room - len(before) - least)
    return _cut([*before, *_causes(run, room - len(before) - len(after)), *after], room)


def _cut(lines: list[Line], room: int) -> list[Line]:
    """Return as many lines as there is room for, and a word on those that are left out."""
    if len(lines) <= room:
        return lines
    room = max(room, 1)
    return [*lines[: room - 1], (f"{INDENT}and more in the report", {})]


def wrapped(text: str) -> list[str]:
    """Return a sentence in lines of WIDTH columns, which no CI system takes for commands.

    A path keeps its length, and longer words are cut.
    """
    words = (f"{word[:LONG]}..." if len(word) > LONG else word for word in wording.cut(text, 400).split(" "))
    lines = textwrap.wrap(
        " ".join(words), WIDTH, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False
    )
    return [*map(wording.printed, lines)] or [""]


def _wrapped(text: str, markup: dict[str, bool], most: int = 3) -> list[Line]:
    lines = wrapped(text)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][: WIDTH - 4]} ..."]
    return [(line, markup) for line in lines]


def _limited(texts: Sequence[str], markup: dict[str, bool], most: int = MOST, lines: int = 3) -> Iterator[Line]:
    """Yield the first few of some sentences, and how many more there are."""
    for text in texts[:most]:
        yield from _wrapped(text, markup, lines)
    if len(texts) > most:
        yield f"{INDENT}and {len(texts) - most:,} more", {}


def _what(run: Run) -> Iterator[Line]:
    for number, line in enumerate(wording.built(run)[:MOST]):
        yield from _wrapped(line, {"red": True, "bold": True} if number == 0 else {})
    yield from _wrapped(wording.facts(run), {})
    yield from _wrapped(wording.tally(run) + ("" if run.selective else f"; score {wording.score(run)}"), {})
    if run.runbook is not None:
        yield from _wrapped(safe(runbook.summary(run.runbook)), {})
    if run.matrix is not None:
        yield from _wrapped(f"who reaches what: {matrix.summary(run.matrix)}", {})
    yield from _limited([safe(problem) for problem in run.problems], {"red": True, "bold": True})


def _changed(run: Run) -> Iterator[Line]:
    """Yield what has changed; what is new or back again on a first run is all that is there, and told anyhow."""
    if run.changes is None:
        return
    yield from _wrapped(wording.changes_line(run), {"bold": True})
    events = [
        f"{change}: {event.severity} {event.policy} {wording.cut(event.object)}"
        for change in (Change if run.changes.previous else ())
        for event in run.changes.having(change)
    ]
    yield from _limited([f"{INDENT}{event}" for event in events], {}, MOST_EVENTS, 1)


def _clocks(run: Run) -> Iterator[Line]:
    clocks = wording.clocks(run)
    for line in dict.fromkeys(clocks.values()):
        severities = ", ".join(severity for severity, other in clocks.items() if other == line)
        yield from _wrapped(f"{severities}: {line}", {"bold": True})


def _causes(run: Run, room: int) -> Iterator[Line]:
    """Yield the causes, the gravest first, as many as there is room for, and a few in any case."""
    found = causes.causes(run)
    if found:
        yield f"Causes, the gravest first: {wording.counted(len(found), 'cause')}", {"bold": True}
        room -= 2
    for number, cause in enumerate(found):
        lines = [*_cause(cause, run, with_fix=number < WITH_FIX)]
        if number >= LEAST_CAUSES and len(lines) > room:
            yield f"{INDENT}and {wording.counted(len(found) - number, 'more cause')} in the report", {}
            return
        room -= len(lines)
        yield from lines


def _cause(cause: Cause, run: Run, *, with_fix: bool) -> Iterator[Line]:
    first = cause.parts[0].result
    others = f", and {wording.counted(len(cause.parts) - 1, 'more policy', 'more policies')}" if cause.parts[1:] else ""
    told = f"{first.severity} {first.id} {cause.title}: {wording.extent(first)}{others}"
    yield from _wrapped(told, COLOURS[first.severity], 2)
    about = _about(cause, run)
    if about:
        yield from _wrapped(f"{INDENT}{about}", {}, 2)
    if with_fix and (fix := cause.first_step):
        yield from _wrapped(f"{INDENT}fix: {fix}", {"cyan": True}, 1)


def _about(cause: Cause, run: Run) -> str:
    """Say which objects it is about, and since when it is there."""
    objects = [wording.cut(wording.placed(each), 120) for each in cause.parts[0].findings[:2]]
    more = len(cause.findings) - len(objects)
    told = ", ".join(objects) + (f" and {more:,} more" if more > 0 else "")
    expired = next((each.waiver for each in cause.findings if each.waiver and each.waiver_expired), None)
    lapsed = f" (its waiver expired on {expired.until})" if expired else ""
    since = cause.since
    if since is None or since >= run.started_at:
        return told + lapsed
    age = f"there since {wording.moment(since)}, for {wording.duration(run.started_at - since)}"
    return "; ".join(filter(None, [told + lapsed, age]))


def _unchecked(run: Run) -> Iterator[Line]:
    groups = trust.doubts(run)
    for group in groups[:MOST]:
        ids = ", ".join(result.id for result in group.results[:4]) + (" ..." if len(group.results) > 4 else "")
        number = wording.counted(len(group.results), "policy", "policies")
        yield from _wrapped(f"UNCHECKED: {number} ({ids}); reason: {group.told}", UNCHECKED, 2)
        yield from _wrapped(f"{INDENT}to enable: {wording.cut(' '.join(group.remedy.split()))}", {}, 2)
    if len(groups) > MOST:
        yield f"{INDENT}and {wording.counted(len(groups) - MOST, 'more reason')} in the report", {}


def _where(migration: Migration) -> str:
    line = f" in line {migration.line}" if migration.line else ""
    return f"{line} (SQLSTATE {migration.sqlstate})" if migration.sqlstate else line


def _rest(run: Run) -> Iterator[Line]:
    kinds: Iterable[Iterable[str]] = (
        (f"migration {safe(m.file)} failed{_where(m)}: {wording.cut(m.error or '')}" for m in wording.failed(run)),
        _waived(run),
        (f"waiver in line {w.line} matches nothing: {w.policy} {wording.cut(w.object)}" for w in run.unused_waivers),
        (f"note: {wording.cut(note)}" for note in (*run.notes, conduct.excess(run)) if note),
    )
    for kind in kinds:
        yield from _limited([*kind], {"yellow": True}, MOST, 2)


def _waived(run: Run) -> Iterator[str]:
    """Yield what was accepted, one by one; what a baseline accepts is only counted."""
    waived = run.having(Verdict.WAIVED)
    begun = sum(not w.expires for result in waived for w in {f.waiver for f in result.findings} if w is not None)
    if begun:
        yield f"WAIVED: {wording.counted(begun, 'finding')} that {BASELINE}; the report lists what they are"
    for result in waived:
        for waiver in dict.fromkeys(finding.waiver for finding in result.findings):
            if waiver is not None and waiver.expires:
                accepted = f"{wording.cut(waiver.reason)} ({safe(waiver.owner)}, until {waiver.until})"
                yield f"WAIVED {result.id} {wording.cut(waiver.object)}: {accepted}"

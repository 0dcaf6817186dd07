"""The terminal: one progress line while the audit works, then what was found, in plain words.

Only reports that carry a policy's result are touched, so that ordinary tests look as they always do.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain

import pytest

from audit.evidence import safe
from audit.facts import facts_of
from audit.house import INSTALLED
from audit.results import Migration, Verdict
from reports import conduct, folder, matrix, runbook, wording
from reports.escalation import ESCALATION
from reports.model import Change, Finding, Result, Run

MAX_OBJECTS = 5
MAX_FIX_LINES = 3
MAX_WIDTH = 1_000

# Letter and colour of each verdict; letters and words always go with the colours.
MARKS: dict[Verdict, tuple[str, dict[str, bool]]] = {
    Verdict.HOLDS: ("H", {"green": True}),
    Verdict.VIOLATED: ("V", {"red": True, "bold": True}),
    Verdict.WAIVED: ("W", {"yellow": True}),
    Verdict.UNCHECKED: ("U", {"purple": True, "bold": True}),
    Verdict.NOT_APPLICABLE: ("-", {}),
}


PROGRESS_KEY = pytest.StashKey[int]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Choose the one-line progress on a terminal; elsewhere pytest's letters say the same without moving about."""
    config = session.config
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    policies = bool(session.items) and all(item.get_closest_marker("policy") for item in session.items)
    if policies and reporter is not None and INSTALLED:
        reporter.showfspath = False  # where this program is says nothing of the project
    if policies and reporter is not None and reporter.isatty() and config.get_verbosity() == 0:
        config.stash[PROGRESS_KEY] = 0
        # pytest has no setting for these two that a plugin could reach; without them it writes into our line.
        reporter.showfspath = False
        reporter._show_progress_info = False


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Say which policy is being judged."""
    stash = item.config.stash
    reporter = item.config.pluginmanager.get_plugin("terminalreporter")
    if PROGRESS_KEY not in stash or reporter is None:
        return (yield)
    stash[PROGRESS_KEY] += 1
    total = item.session.testscollected
    marker = item.get_closest_marker("policy")
    name = marker.args[0] if marker and marker.args else item.name
    reporter.rewrite(f"[{stash[PROGRESS_KEY]:{len(str(total))}}/{total}] {name}", erase=True)
    reporter.flush()
    outcome = yield
    if nextitem is None:
        reporter.rewrite("", erase=True)
    return outcome


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.TestReport | pytest.CollectReport, config: pytest.Config
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Count a policy under its verdict's own name.

    pytest prints its sections of failures and errors for its own categories only: with ours, a violated policy brings
    no traceback, and the totals are in our words.
    """
    result = getattr(report, "result", None)
    if not isinstance(result, Result):  # a report on a file's collection has a result of pytest's own
        return None
    letter, markup = MARKS[result.verdict]
    word = wording.WORDS[result.verdict]
    quiet = config.stash.get(PROGRESS_KEY, None) is not None
    return word, "" if quiet else letter, ("" if quiet else word.upper(), markup)


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was found."""
    run = folder.finished(config)
    if run is None:
        return
    terminalreporter.section("database audit", bold=True)
    for line, markup in summary(run):
        terminalreporter.write_line(line, **markup)
    for path in folder.written(config):
        terminalreporter.write_line(f"report: {path}")
    for problem in run.unwritten:
        terminalreporter.write_line(problem, red=True)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End with the verdict and the exit status, after everything that pytest and other plugins have to say."""
    run = folder.finished(config)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    offered = len(facts_of(config).offered)
    if run is None and reporter is not None and offered and not facts_of(config).selected and folder.is_audit(config):
        reporter.write_line(
            f"No policy was selected: 0 of {offered:,} policies match -k or -m. Exit status 5.", red=True, bold=True
        )
    if run is not None and reporter is not None:
        status = run.exit_status
        colour = "red" if status else "yellow" if run.selective else "green"
        markup = {"bold": True, colour: True}
        reporter.write_line(f"{wording.verdict_line(run)} Exit status {status}.", **markup)


Line = tuple[str, dict[str, bool]]


def summary(run: Run) -> Iterator[Line]:
    """Yield the lines of the summary, each with its colours; none has a control character of the database in it."""
    parts = (_what(run), _changed(run), _violated(run), _unchecked(run), _waived(run), _rest(run))
    for line, markup in chain.from_iterable(parts):
        yield wording.cut(line, MAX_WIDTH), markup
    yield "", {}


def _what(run: Run) -> Iterator[Line]:
    for number, line in enumerate(wording.built(run)):
        yield line, {"red": True, "bold": True} if number == 0 else {}
    yield wording.facts(run), {}
    yield wording.tally(run) + ("" if run.selective else f"; score {wording.score(run)}"), {}
    if run.runbook is not None:
        yield safe(runbook.summary(run.runbook)), {}
    if run.matrix is not None:
        yield f"who reaches what: {matrix.summary(run.matrix)}", {}
    for problem in run.problems:
        yield safe(problem), {"red": True, "bold": True}


def _changed(run: Run) -> Iterator[Line]:
    """Yield what has changed; what is new or back again on a first run is all that is there, and told anyhow."""
    if run.changes is None:
        return
    yield wording.changes_line(run), {"bold": True}
    for change in Change if run.changes.previous else ():
        events = run.changes.having(change)
        for event in events[:MAX_OBJECTS]:
            there = f" (there since {wording.moment(event.since)})" if event.since < run.started_at else ""
            yield f"     {change}: {event.severity} {event.policy} {wording.cut(event.object)}{there}", {}
        if len(events) > MAX_OBJECTS:
            yield f"     {change}: and {len(events) - MAX_OBJECTS:,} more", {}


def _violated(run: Run) -> Iterator[Line]:
    severity = None
    for result in wording.violated(run):
        if result.severity is not severity:
            severity = result.severity
            yield "", {}
            yield f"VIOLATED, {severity} ({ESCALATION[severity].meaning})", MARKS[Verdict.VIOLATED][1]
            yield wording.summons(severity, run), {"bold": True}
        yield f"{severity} {result.id} {wording.title(result)}: {wording.extent(result)}", MARKS[Verdict.VIOLATED][1]
        if run.changes:
            yield f"     {wording.clock(result, run)}", {"bold": True}
        yield from _findings(result)


def _findings(result: Result) -> Iterator[Line]:
    findings = wording.unwaived(result)
    if result.reason:
        yield f"     {safe(result.reason)}", {}
    for finding in findings[:MAX_OBJECTS]:
        yield f"     {_object(finding)}", {}
    if len(findings) > MAX_OBJECTS:
        yield f"     and {len(findings) - MAX_OBJECTS:,} more", {}
    fix = [line for line in wording.lines(findings[0].fix).split("\n") if line.strip()] if findings else []
    for number, line in enumerate(fix[:MAX_FIX_LINES]):
        yield f"     {'fix: ' if number == 0 else '     '}{line}", {"cyan": True}
    if len(fix) > MAX_FIX_LINES:
        yield "          ... (the rest is in the report)", {"cyan": True}


def _object(finding: Finding) -> str:
    expired = finding.waiver.expires if finding.waiver else None
    return wording.cut(wording.placed(finding)) + (f" (its waiver expired on {expired})" if expired else "")


def _unchecked(run: Run) -> Iterator[Line]:
    if results := run.having(Verdict.UNCHECKED):
        yield "", {}
        yield "UNCHECKED", MARKS[Verdict.UNCHECKED][1]
    for result in results:
        yield f"{result.severity} {result.id} {wording.title(result)}", MARKS[Verdict.UNCHECKED][1]
        yield f"     reason: {wording.cut(result.reason)}", {}
        yield f"     to enable: {wording.cut(result.remedy or wording.NO_REMEDY)}", {}


def _waived(run: Run) -> Iterator[Line]:
    if results := run.having(Verdict.WAIVED):
        yield "", {}
        yield "WAIVED", MARKS[Verdict.WAIVED][1]
    for result in results:
        yield f"{result.severity} {result.id} {wording.title(result)}", MARKS[Verdict.WAIVED][1]
        for waiver in dict.fromkeys(finding.waiver for finding in result.findings):
            if waiver is not None:
                accepted = f"{wording.cut(waiver.reason)} ({safe(waiver.owner)}, until {waiver.until})"
                yield f"     {wording.cut(waiver.object)}: {accepted}", {}


def _where(migration: Migration) -> str:
    line = f" in line {migration.line}" if migration.line else ""
    return f"{line} (SQLSTATE {migration.sqlstate})" if migration.sqlstate else line


def _rest(run: Run) -> Iterator[Line]:
    others = [
        *(f"migration {safe(m.file)} failed{_where(m)}: {wording.cut(m.error or '')}" for m in wording.failed(run)),
        *(f"waiver in line {w.line} matches nothing: {w.policy} {wording.cut(w.object)}" for w in run.unused_waivers),
        *(f"note: {wording.cut(note)}" for note in (*run.notes, conduct.excess(run)) if note),
    ]
    if others:
        yield "", {}
    for line in others:
        yield line, {"yellow": True}

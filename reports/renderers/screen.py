"""What pytest shows of an audit: who works at the moment, then what was found, and nothing of pytest's own.

Only audits look so, and only without ``-v``: ordinary tests look as they always do.
"""

from __future__ import annotations

import io
from collections.abc import Generator

import pytest
from _pytest import timing
from _pytest.terminal import TerminalReporter
from rich.console import Console
from rich.progress_bar import ProgressBar

from audit.facts import facts_of
from audit.results import Verdict
from reports import folder, wording
from reports.model import Result
from reports.renderers import terminal

# Letter and colour of each verdict, for -v.
MARKS: dict[Verdict, tuple[str, dict[str, bool]]] = {
    Verdict.HOLDS: ("H", {"green": True}),
    Verdict.VIOLATED: ("V", {"red": True, "bold": True}),
    Verdict.WAIVED: ("W", {"yellow": True}),
    Verdict.UNCHECKED: ("U", {"purple": True, "bold": True}),
    Verdict.NOT_APPLICABLE: ("-", {}),
}
BAR_WIDTH = 30

QUIET_KEY = pytest.StashKey[bool]()
PROGRESS_KEY = pytest.StashKey[int]()


class Quiet(TerminalReporter):  # type: ignore[misc]  # docs/decisions/044: there is no other way
    """pytest's own reporter without what is about tests: versions, folders, plugins, letters and totals.

    What our plugins say of the run, errors of files that cannot be read, and warnings are told as always.
    """

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Tell what our plugins have to say of the run."""
        self._session = session
        self._session_start = timing.Instant()
        lines = self.config.hook.pytest_report_header(config=self.config, start_path=self.startpath)
        self._write_report_lines_from_hooks(lines)

    def pytest_report_header(self, config: pytest.Config) -> list[str]:
        """Leave out folders and plugins."""
        return []

    def report_collect(self, final: bool = False) -> None:
        """Leave out how many tests there are: the summary counts policies."""

    def summary_stats(self) -> None:
        """Leave out pytest's totals: the summary counts policies."""

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Leave out that pytest was ended, where the last line says why; say in words that somebody stopped the run."""
        signal = facts_of(self.config).stopped()
        if signal:
            self.ensure_newline()
            self.write_line(f"The run was stopped by {signal}. What it had found:", yellow=True)
        elif not facts_of(self.config).unreachable:
            super().pytest_keyboard_interrupt(excinfo)

    def _report_keyboardinterrupt(self) -> None:
        if self._keyboardinterrupt_memo is not None:
            super()._report_keyboardinterrupt()

    @property
    def showfspath(self) -> bool:
        """Whether files are named before their letters."""
        return False

    @showfspath.setter
    def showfspath(self, value: bool | None) -> None:
        """Take no notice."""

    def _get_progress_information_message(self) -> str:
        return ""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Put the quiet reporter in the place of pytest's own, where an audit is asked for and nobody wants to see more."""
    plugins = config.pluginmanager
    ours = plugins.get_plugin("terminalreporter")
    config.stash[QUIET_KEY] = False
    if type(ours) is not TerminalReporter or config.get_verbosity() != 0 or not folder.is_audit(config):
        return
    plugins.unregister(ours)
    quiet = Quiet(config)
    quiet._tw = ours._tw
    plugins.register(quiet, "terminalreporter")
    config.stash[QUIET_KEY] = True


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Choose the progress bar on a terminal; elsewhere a line says how many policies are asked."""
    config = session.config
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    policies = bool(session.items) and all(item.get_closest_marker("policy") for item in session.items)
    if not policies or reporter is None or not config.stash[QUIET_KEY]:
        return
    if reporter.isatty():
        config.stash[PROGRESS_KEY] = 0
    else:
        reporter.write_line(f"{wording.counted(len(session.items), 'policy is', 'policies are')} asked")


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Say which policy is being judged."""
    stash = item.config.stash
    reporter = item.config.pluginmanager.get_plugin("terminalreporter")
    if PROGRESS_KEY not in stash or reporter is None:
        return (yield)
    stash[PROGRESS_KEY] += 1
    marker = item.get_closest_marker("policy")
    name = str(marker.args[0]) if marker and marker.args else item.name
    reporter.rewrite(progress(stash[PROGRESS_KEY], item.session.testscollected, name), erase=True)
    reporter.flush()
    outcome = yield
    if nextitem is None:
        reporter.rewrite("", erase=True)
    return outcome


def progress(number: int, total: int, name: str) -> str:
    """Return the line that is there while a policy is asked: how far the run is, and which policy it is."""
    text = io.StringIO()
    console = Console(file=text, width=BAR_WIDTH, force_terminal=True, color_system="standard")
    console.print(ProgressBar(total=total, completed=number - 1, width=BAR_WIDTH), end="")
    return f"[{number:{len(str(total))}}/{total}] {text.getvalue().strip()} {name}"


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
    quiet = config.stash.get(QUIET_KEY, False)
    return word, "" if quiet else letter, ("" if quiet else word.upper(), markup)


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was found."""
    run = folder.finished(config)
    if run is None:
        return
    terminalreporter.ensure_newline()
    files = folder.written(config)
    for line, markup in terminal.screen(run, files):
        terminalreporter.write_line(line, **markup)


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
        for line in terminal.wrapped(f"{wording.verdict_line(run)} Exit status {status}."):
            reporter.write_line(line, **{"bold": True, colour: True})

"""The end of a run, from top to bottom: what was found becomes one :class:`Run`, is completed, told and written.

Each step is a function that takes the run and returns it with what it knows. Their order is here and nowhere else; in
which order pytest knows our plugins does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

import pytest

from audit.facts import facts_of
from reports import alerts, baseline, folder, identity, repeats, waivers
from reports.history import history
from reports.model import RUN_KEY, Run
from reports.renderers import (
    codequality,
    csv_file,
    github,
    html,
    json_file,
    junit,
    markdown,
    nagios,
    prometheus,
    sarif,
)
from reports.verdicts import run_of

SESSION_KEY = pytest.StashKey[pytest.Session]()

# What --output can ask for, and what makes it of a run; of audit.html pytest-html says when and where.
RENDERERS: dict[str, Callable[[Run], str]] = {
    "json": json_file.render,
    "junit": junit.render,
    "sarif": sarif.render,
    "markdown": markdown.render,
    "prometheus": prometheus.render,
    "nagios": nagios.render,
    "csv": csv_file.render,
    "annotations": github.render,
    "codequality": codequality.render,
}


def write_files(run: Run, config: pytest.Config) -> Run:
    """Write the reports that are wanted; what could not be written is told, and is a failure."""
    wanted = folder.outputs(config)
    for word, render in RENDERERS.items():
        if word not in wanted:
            continue
        path = folder.report_dir(config) / folder.OUTPUTS[word]
        try:
            folder.replace_file(path, render(run))
        except OSError as error:
            run = folder.unwritten(run, path, error)
    return run


STEPS: tuple[Callable[[Run, pytest.Config], Run], ...] = (
    identity.find_out,
    waivers.tell_unused,
    baseline.compare,
    repeats.note,
    history.record,
    alerts.send,
    write_files,
)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
    """Bring the run to its end; ``trylast``: pytest-html works inside of this, and the terminal's summary comes after.

    The session gets the audit's exit status.
    """
    config = session.config
    run = run_of(config, exitstatus)
    if run is None:
        outcome = yield
        if not session.testscollected:
            html.leave_out(config)
        return outcome
    for step in STEPS:
        run = step(run, config)
    config.stash[RUN_KEY] = run
    session.exitstatus = run.exit_status
    outcome = None
    try:
        outcome = yield
    except OSError as error:
        if not config.pluginmanager.hasplugin(html.PAGE):
            raise
        html.leave_out(config)
        run = folder.unwritten(run, html.discarded(config), error)
    else:
        run = html.finish(run, config)
    run = history.conclude(run, config)
    config.stash[RUN_KEY] = run
    config.stash[SESSION_KEY] = session
    session.exitstatus = run.exit_status
    return outcome


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Say that the run ended early if it was told to stop while its reports were written."""
    run = config.stash.get(RUN_KEY, None)
    session = config.stash.get(SESSION_KEY, None)
    if run is None or session is None or not run.finished or not facts_of(config).stopped():
        return
    run = config.stash[RUN_KEY] = write_files(replace(run, ended_by=int(pytest.ExitCode.INTERRUPTED)), config)
    session.exitstatus = run.exit_status

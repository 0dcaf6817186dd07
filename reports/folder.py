"""The report folder: the only place that reports are written to, each file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.model import RUN_KEY, Run

DEFAULT_FOLDER = "reports/out"
NAMES = ("audit.html", "audit.json", "junit.xml")

# What could not be written, for the terminal.
PROBLEMS_KEY = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--report-dir``."""
    group = parser.getgroup("audit", "database audit")
    group.addoption("--report-dir", metavar="DIR", help=f"where the reports go (default: {DEFAULT_FOLDER})")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Find out before an audit, not after it, whether its reports can be written; raises UsageError when not."""
    config.stash[PROBLEMS_KEY] = []
    if not is_audit(config):
        return
    folder = report_dir(config)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise pytest.UsageError(
            f"{folder}: the reports cannot be written there ({error.strerror}); choose another folder with --report-dir"
        ) from None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remove the reports of the run before: if this run is killed, they must not be taken for its own."""
    if is_audit(session.config) and any(item.get_closest_marker("policy") for item in session.items):
        for name in NAMES:
            # What cannot be removed cannot be replaced either, and that is reported when it is tried.
            with contextlib.suppress(OSError):
                (report_dir(session.config) / name).unlink(missing_ok=True)


def report_dir(config: pytest.Config) -> Path:
    """Return the folder of ``--report-dir``, or the default one under the root folder."""
    given: str | None = config.getoption("report_dir")
    return config.invocation_params.dir / given if given else config.rootpath / DEFAULT_FOLDER


def is_audit(config: pytest.Config) -> bool:
    """Tell whether pytest was asked to run policies, so that ``pytest tests`` stays an ordinary test run."""
    if config.getoption("collectonly"):
        return False
    policies = config.rootpath / "policies"
    asked = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    return any(path in (policies, config.rootpath) or policies in path.parents for path in map(Path.resolve, asked))


def finished(config: pytest.Config) -> Run | None:
    """Return the run once it is over, or None: before, in ordinary test runs, and when policies are only listed."""
    return None if config.getoption("collectonly") else config.stash.get(RUN_KEY, None)


def amend(session: pytest.Session, **changes: Any) -> None:  # noqa: ANN401 -- the fields of a run
    """Put into the finished run what a plugin knows about it, and give the session the exit status that follows."""
    run = replace(session.config.stash[RUN_KEY], **changes)
    session.config.stash[RUN_KEY] = run
    session.exitstatus = run.exit_status


def write(session: pytest.Session, name: str, text: str) -> None:
    """Write one report; when that fails, say so on the terminal and by the exit status."""
    try:
        replace_file(report_dir(session.config) / name, text)
    except OSError as error:
        tell(session, name, error)


def tell(session: pytest.Session, name: str, error: OSError) -> None:
    """Say that a report could not be written; the run has failed then, whatever it found."""
    path = report_dir(session.config) / name
    session.config.stash[PROBLEMS_KEY].append(f"{path} could not be written: {error.strerror}")
    if session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def replace_file(path: Path, text: str) -> None:
    """Put ``text`` (UTF-8) into ``path`` in one step: readers see the old file or the new one, never half of it.

    Raises OSError when the folder or the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def written(config: pytest.Config) -> list[Path]:
    """Return the reports that are there, when the run is over."""
    folder = report_dir(config)
    return [folder / name for name in NAMES if (folder / name).is_file()]

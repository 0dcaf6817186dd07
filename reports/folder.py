"""The report folder: the only place that reports are written to, each file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from audit.facts import is_audit as is_audit
from reports.model import RUN_KEY, Run

DEFAULT_FOLDER = "reports/out"

# What --output can ask for, and the files that it becomes.
OUTPUTS = {
    "html": "audit.html",
    "json": "audit.json",
    "junit": "junit.xml",
    "sarif": "audit.sarif",
    "markdown": "audit.md",
    "prometheus": "audit.prom",
    "nagios": "nagios.txt",
    "csv": "findings.csv",
    "annotations": "annotations.txt",
    "codequality": "gl-code-quality-report.json",
}
DEFAULT_OUTPUTS = ("html", "json", "junit")

# audit.json is always written: the others are cut short and refer to it.
ALWAYS = "json"

# While an audit runs, metrics that vanish and come back would look like a recovery; how old they are is one of them.
STAYS = "prometheus"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--report-dir`` and ``--output``."""
    group = parser.getgroup("audit", "database audit")
    group.addoption(
        "--output",
        action="append",
        metavar="WORDS",
        help=f"which reports: {', '.join(OUTPUTS)} (default: {','.join(DEFAULT_OUTPUTS)}; {ALWAYS} is always written)",
    )
    group.addoption("--report-dir", metavar="DIR", help=f"where the reports go (default: {DEFAULT_FOLDER})")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Find out before an audit, not after it, whether its reports can be written; raises UsageError when not."""
    outputs(config)
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
        for word, name in OUTPUTS.items():
            if word != STAYS or word not in outputs(session.config):
                # What cannot be removed cannot be replaced either, and that is reported when it is tried.
                with contextlib.suppress(OSError):
                    (report_dir(session.config) / name).unlink(missing_ok=True)


def outputs(config: pytest.Config) -> frozenset[str]:
    """Return the outputs that ``--output`` asks for, given once or more often, with commas or without.

    Raises UsageError for a word that is none.
    """
    given: list[str] = config.getoption("output") or list(DEFAULT_OUTPUTS)
    words = [word.strip() for each in given for word in each.split(",")]
    for word in words:
        if word not in OUTPUTS:
            raise pytest.UsageError(f"--output: there is no output {word!r}; there are {', '.join(OUTPUTS)}")
    return frozenset({*words, ALWAYS})


def report_dir(config: pytest.Config) -> Path:
    """Return the folder of ``--report-dir``, or the default one under the root folder."""
    given: str | None = config.getoption("report_dir")
    return config.invocation_params.dir / given if given else config.rootpath / DEFAULT_FOLDER


def finished(config: pytest.Config) -> Run | None:
    """Return the run once it is over, or None: before, in ordinary test runs, and when policies are only listed."""
    return config.stash.get(RUN_KEY, None)


def unwritten(run: Run, path: Path, error: OSError) -> Run:
    """Return the run with the fact that a report of it could not be written."""
    return replace(run, unwritten=(*run.unwritten, f"{path} could not be written: {error.strerror}"))


def replace_file(path: Path, text: str) -> None:
    """Put ``text`` (UTF-8) into ``path`` in one step: readers see the old file or the new one, never half of it.

    Raises OSError when the folder or the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():  # such as a device, which would be gone
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def written(config: pytest.Config) -> list[Path]:
    """Return the reports that are there, when the run is over."""
    paths = [report_dir(config) / name for word, name in OUTPUTS.items() if word in outputs(config)]
    return [path for path in paths if path.is_file()]

"""One audit as a scheduler runs it: ``python -m reports.nightly --into=DIR [options of the audit]``.

The reports of each run have a folder of their own, and ``latest`` leads to the last; they are kept for 90 days. Two
that write into one folder do not overlap. The database is chosen by AUDIT_TARGET, whose password no process list shows.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEFAULT_FOLDER = ROOT / "reports" / "nightly"
KEEP_DAYS = 90
OUTPUTS = "html,json,junit,prometheus,markdown,nagios"
NAME = "%Y-%m-%dT%H%M%S"
NAMES = (NAME, "%Y-%m-%dT%H%M")  # the latter until version 0.1

# So many runs must agree that one is long over: a clock that goes wrong must not cost the reports.
CLOCKS = 2


class NightlyError(Exception):
    """The audit cannot begin; the message is one sentence."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep others out of ``folder``. Raises NightlyError when one is at work there.

    The lock belongs to the open file: it ends with the process, however that ends, and none is ever left behind.
    """
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NightlyError(f"another audit is at work in {folder}; this one does not begin") from None
        yield


def begun(name: str) -> dt.datetime | None:
    """Return when the run of a folder began, by its name, or None for another kind of name."""
    for form in NAMES:
        with suppress(ValueError):
            return dt.datetime.strptime(name, form).replace(tzinfo=dt.UTC)
    return None


def tidy(folder: Path, now: dt.datetime) -> None:
    """Remove the reports of runs that are long over, and nothing that has another kind of name."""
    runs = {path: when for path in folder.iterdir() if (when := begun(path.name)) is not None}
    clocks = sorted([now, *runs.values()], reverse=True)[:CLOCKS]
    for path, when in runs.items():
        if path.is_dir() and not path.is_symlink() and clocks[-1] - when > dt.timedelta(days=KEEP_DAYS):
            shutil.rmtree(path)


def own_folder(folder: Path) -> str:
    """Make a folder for the reports of this run alone; return its name."""
    while True:
        name = dt.datetime.now(dt.UTC).strftime(NAME)
        with suppress(FileExistsError):
            (folder / name).mkdir()
            return name
        time.sleep(0.1)


def point(folder: Path, name: str) -> None:
    """Let ``latest`` lead to the folder of a run that is over, in one step."""
    draft = folder / f".latest.{os.getpid()}"
    draft.unlink(missing_ok=True)
    draft.symlink_to(name)
    draft.replace(folder / "latest")


def main(arguments: Sequence[str]) -> int:
    """Run one audit; return its exit status, or 4 when it could not begin."""
    parser = ArgumentParser(prog="python -m reports.nightly", description="One audit as a scheduler runs it.")
    parser.add_argument("--into", type=Path, metavar="DIR", help="reports and history (default: reports/nightly)")
    options, rest = parser.parse_known_args(arguments)
    folder = (options.into or DEFAULT_FOLDER).resolve()
    history = [f"--history={folder / 'history.sqlite'}"] if options.into and "--no-history" not in rest else []
    return kept_apart(folder, lambda own: int(pytest.main([str(ROOT / "policies"), *own, *history, *rest])))


def kept_apart(folder: Path, audit: Callable[[Sequence[str]], int]) -> int:
    """Run one audit with a folder of its own below ``folder``; return its exit status, or 4 when it could not begin.

    ``audit`` takes the options that say so; those that were given come after them, and are the ones that count.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            tidy(folder, dt.datetime.now(dt.UTC))
            name = own_folder(folder)
            status = audit([f"--report-dir={folder / name}", f"--output={OUTPUTS}"])
            if any((folder / name).iterdir()):
                point(folder, name)
                _index(folder)
            else:
                (folder / name).rmdir()
            return status
    except NightlyError as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"{error.filename or folder}: the reports cannot be written there ({error.strerror})\n")
    return int(pytest.ExitCode.USAGE_ERROR)


def _index(folder: Path) -> None:
    """Write the page about all runs; what the audit found does not depend on it."""
    from reports import index  # not above: pytest wants to be the first to import what it rewrites

    try:
        index.write(folder)
    except OSError as error:
        sys.stderr.write(f"{folder / index.NAME} could not be written: {error.strerror}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

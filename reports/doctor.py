"""The doctor, as a person calls it: ``python -m reports.doctor --app=DIR``, or ``care-audit doctor``.

One line for each thing that was looked at, and what to do. The exit status is that of an audit: 0 all is in order, 1
something is not, 6 something could not be found out, 4 it was called in a way that is of no use. The database is chosen
by AUDIT_TARGET, whose password no process list shows.
"""

from __future__ import annotations

import os
import sys
import textwrap
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from audit.doctor import Line, Patient, State, examined
from audit.evidence import safe
from audit.house import DOCUMENTS
from reports.alerts import VARIABLE, AlertError, configured, described
from reports.history.history import DEFAULT_FILE, ROOT
from reports.history.store import HistoryError, Store
from reports.renderers.terminal import WIDTH

WHOLE: Any = {"break_long_words": False, "break_on_hyphens": False}  # of what somebody copies

ALL_WELL, WRONG, USAGE, UNKNOWN = 0, 1, 4, 6


class UsageError(ValueError):
    """It was called in a way that is of no use; the message is one sentence."""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(safe(message))


def options(arguments: Sequence[str]) -> Namespace:
    """Read the options. Raises UsageError."""
    parser = _Parser(prog="python -m reports.doctor", description="Look at the setup.", allow_abbrev=False)
    parser.add_argument("--app", type=Path, metavar="DIR", help="the folder of the application")
    parser.add_argument(
        "--migrations", type=Path, metavar="DIR", help="default: supabase/migrations of the application"
    )
    parser.add_argument("--settings", metavar="FILE", help="as for an audit")
    parser.add_argument("--history", metavar="FILE", help=f"what earlier runs found (default: {DEFAULT_FILE})")
    parser.add_argument("--no-history", action="store_true", help="none is kept, and that is meant")
    parser.add_argument("--alert-file", metavar="FILE", help=f"where alerts go, a URL a line; also {VARIABLE}")
    parser.add_argument("--no-alerts", action="store_true", help="nobody is to hear of anything, and that is meant")
    given = parser.parse_args(arguments)
    for name in ("app", "migrations"):
        folder: Path | None = getattr(given, name)
        if folder is not None and not (folder.is_dir() or (name == "migrations" and folder.is_file())):
            raise UsageError(f"--{name}: there is no folder {safe(str(folder))}")
    for name, none in (("history", "no_history"), ("alert_file", "no_alerts")):
        if getattr(given, name) and getattr(given, none):
            raise UsageError(f"--{name.replace('_', '-')} and --{none.replace('_', '-')} contradict each other")
    return given


def history(given: Namespace) -> Line:
    """Tell whether a history can be kept."""
    if given.no_history:
        return Line(State.OK, "history", "none is kept, as --no-history says")
    path = Path.cwd() / given.history if given.history else ROOT / DEFAULT_FILE
    try:
        return Line(State.OK, "history", safe(f"{given.history or DEFAULT_FILE}: {Store(path).check()}"))
    except HistoryError as error:
        return Line(State.WRONG, "history", safe(str(error)), "name another file: --history=FILE")


def alerts(given: Namespace, text: str) -> Line:
    """Tell whether alerts have somewhere to go; nothing is sent."""
    if given.no_alerts:
        return Line(State.OK, "alerts", "nobody hears of anything, as --no-alerts says")
    try:
        known = configured(given.alert_file, text, Path.cwd())
    except AlertError as error:
        return Line(
            State.WRONG, "alerts", safe(str(error)), f"{DOCUMENTS}/operations.md says how such a file is written"
        )
    if not known:
        todo = f"name the file: care-audit doctor --alert-file=FILE, or set {VARIABLE}; --no-alerts if that is meant"
        return Line(State.UNKNOWN, "alerts", "no channel was named, so nobody hears of what a nightly run finds", todo)
    unheard = "; nobody for" in (said := described(known))
    todo = "name a channel for them, too" if unheard else ""
    return Line(State.WRONG if unheard else State.OK, "alerts", f"{said}; nothing was sent", todo)


def looked_at(given: Namespace) -> Iterator[Line]:
    """Look at everything, one thing after the other. Raises ValueError with one sentence about a file of settings."""
    text = os.environ.pop(VARIABLE, "")  # no program that is started has any use for it
    environment = {name: value for name, value in os.environ.items() if name != "AUDIT_TARGET"}
    target = os.environ.get("AUDIT_TARGET", "").strip()
    yield from examined(Patient(target, given.app, given.migrations, given.settings, environment))
    yield history(given)
    yield alerts(given, text)


def shown(line: Line) -> str:
    """Return a line as it is printed, and below it what to do."""
    head = f"{line.state:<10} {line.about:<11} "
    told = (textwrap.fill(text, WIDTH - len(head), **WHOLE) for text in (line.told, line.todo) if text)
    return head + textwrap.indent("\n".join(told), " " * len(head)).lstrip(" ")


def status(states: Sequence[State]) -> int:
    """Return the exit status."""
    if State.WRONG in states:
        return WRONG
    return UNKNOWN if State.UNKNOWN in states else ALL_WELL


def main(arguments: Sequence[str]) -> int:
    """Print what was found out; return the exit status."""
    states: list[State] = []
    try:
        for line in looked_at(options(arguments)):
            print(shown(line), flush=True)
            states.append(line.state)
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    counts = ", ".join(f"{states.count(each)} {each}" for each in State)
    print(f"\n{counts}")
    return status(states)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

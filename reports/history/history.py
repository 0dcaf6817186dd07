"""The history: what earlier runs found, so that a report says what is new, what is fixed, and since when it was there.

``python -m reports.history`` prints it and writes ``history.html``.
"""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest

from audit.evidence import Unchecked, safe
from audit.facts import Facts, facts_of
from audit.results import Sizes
from reports import folder
from reports.history.store import STORE_KEY, HistoryError, Store, Subject
from reports.model import Run

DEFAULT_FILE = "reports/history.sqlite"
ROOT = Path(__file__).parents[2]
RUNS_OF_A_TREND = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--history`` and ``--no-history``."""
    group = parser.getgroup("audit", "database audit")
    group.addoption(
        "--history",
        metavar="FILE",
        help=f"what earlier runs found (default: {DEFAULT_FILE} for a live target, none for others)",
    )
    group.addoption("--no-history", action="store_true", help="keep no history of a live target")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the file, when the target is known, and offer what it knows to the policies that are about growth.

    Raises pytest.UsageError when the options contradict each other.
    """
    given: str | None = config.getoption("history")
    facts = facts_of(config)
    # What a gate finds is about files that are not applied yet, and no finding of the live database.
    kept = facts.live and not facts.gate and not config.getoption("no_history")
    if given and facts.gate:
        raise pytest.UsageError("--history is for audits: what a gate finds is not kept")
    if given and config.getoption("no_history"):
        raise pytest.UsageError("--history and --no-history contradict each other")
    config.stash[STORE_KEY] = None
    if folder.is_audit(config) and (given or kept):
        path = config.invocation_params.dir / given if given else config.rootpath / DEFAULT_FILE
        store = config.stash[STORE_KEY] = Store(path)
        facts.earlier = lambda before: _earlier(store, place(facts), before)


def _earlier(store: Store, where: Subject, before: dt.datetime) -> Sizes | None:
    try:
        return store.earlier(where, before)
    except HistoryError:
        raise Unchecked("the history of earlier runs cannot be read", "mend what the report says of it") from None


def place(facts: Facts) -> Subject:
    """Return which database a run is about. A disposable one has no identity: it is known by what it was made from."""
    return Subject(facts.system if facts.live else None, facts.target.database if facts.target else "", facts.place)


def record(run: Run, config: pytest.Config) -> Run:
    """Add the run to the history, and put into it what has changed."""
    store, facts = config.stash[STORE_KEY], facts_of(config)
    if store is None:
        return run
    try:
        then = store.earlier(place(facts), run.started_at) if facts.sizes else None
        told = store.record(place(facts), run, facts.sizes)
        return replace(told, trend=store.recent(place(facts), RUNS_OF_A_TREND), sizes_before=then)
    except HistoryError as error:
        return replace(run, problems=(*run.problems, f"{error}; this run is not in the history"))


def conclude(run: Run, config: pytest.Config) -> Run:
    """Put into the history how the run ended, when everything has been said: it was recorded before that."""
    store = config.stash[STORE_KEY]
    if store is None or run.changes is None:
        return run
    try:
        store.conclude(place(facts_of(config)), run)
    except HistoryError as error:
        return replace(run, unwritten=(*run.unwritten, f"{error}; the exit status in the history is not the last one"))
    return run


def main(arguments: list[str]) -> int:
    """Print the history and write its page; return 0, 3 when it could not be written, 4 when there is none to read."""
    from reports.history import nights  # not above: pytest wants to be the first to import the renderers

    parser = ArgumentParser(prog="python -m reports.history", description="What earlier runs found.")
    parser.add_argument("--history", type=Path, default=ROOT / DEFAULT_FILE, metavar="FILE")
    parser.add_argument("--report-dir", type=Path, default=ROOT / folder.DEFAULT_FOLDER, metavar="DIR")
    options = parser.parse_args(arguments)
    page = options.report_dir / "history.html"
    try:
        if not options.history.is_file():
            raise HistoryError(
                f"{safe(str(options.history))}: there is no history yet; it begins with the audit of a live target"
            )
        past = Store(options.history).past()
        folder.replace_file(page, nights.page(past))
    except HistoryError as error:
        sys.stderr.write(f"{error}\n")
        return 4
    except OSError as error:
        sys.stderr.write(f"{safe(str(page))} could not be written: {error.strerror}\n")
        return 3
    sys.stdout.write(f"{nights.text(past)}\nreport: {safe(str(page))}\n")
    return 0

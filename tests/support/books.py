"""Runbooks of the corpus: what is marked in them as wrong, and how one is examined in a test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.actors import Stage, staged
from audit.auditor import Auditor
from audit.evidence import Log
from audit.question import Connection
from audit.runbook.desk import Desk
from audit.runbook.examine import examine
from audit.runbook.reading import Book, book_of
from audit.runbook.results import Outline
from tests.support.proving import STAND_IN, Bench

CORPUS = Path(__file__).parents[1] / "runbooks"
APP = CORPUS / "app"

_MARK = re.compile(r"\s*(?:--|#|<!--)?\s*!(RUN-\d\d [^>]*?)\s*(?:-->)?$")

Wrong = tuple[int, str, str]


def marked(text: str) -> tuple[str, set[Wrong]]:
    """Return a book without its marks, and what they say: lines, policies and kinds of what is wrong."""
    lines, wrong = [], set()
    for number, line in enumerate(text.split("\n"), 1):
        if found := _MARK.search(line):
            for each in found[1].split(";"):
                policy, _, kind = each.strip().partition(" ")
                wrong.add((number, policy, kind))
            line = line[: found.start()]
        lines.append(line)
    return "\n".join(lines), wrong


def book(name: str) -> tuple[Book, set[Wrong]]:
    """Return a book of the corpus, and what is wrong in it."""
    path = CORPUS / name
    text, wrong = marked(path.read_text(encoding="utf-8"))
    return book_of(text, name, path.parent), wrong


@contextmanager
def desk_on(bench: Bench, asked: Connection | None = None) -> Iterator[Desk]:
    """Open a desk on the reference database, and on ``asked`` instead as the target, if it is given."""
    connection = bench.connection
    connection.execute(f"set session authorization {STAND_IN}")
    try:
        with staged(connection, bench.known, Log(), bench.target.unfilled) as stage:
            yield Desk(Auditor(lambda: asked or connection, bench.known, Log()), _given(stage))
    finally:
        connection.execute("reset session authorization")


def _given(stage: Stage) -> Callable[[], Stage]:
    return lambda: stage


def examined(bench: Bench, read: Book, app: Path | None = APP) -> Outline:
    """Examine a book on the reference database."""
    with desk_on(bench) as desk:
        return examine(read, desk, app)


def wrong_in(outline: Outline) -> set[Wrong]:
    """Return what was found to be wrong, as the marks say it."""
    return {(each.line, each.policy, each.kind) for each in outline.remarks}

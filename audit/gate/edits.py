"""Released files that were edited: what a database is like that is built from them as they are now.

Databases that have applied such a file do not get the edit (MIG-02 says so); those that are built anew do: of everybody
who works on the project, of previews, and the one that is rebuilt when all else fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from audit.gate.culprits import blamed
from audit.gate.pending import Pending, read
from audit.gate.rehearsal import compare
from audit.gate.results import Change, Rehearsed, Standing, Step
from audit.layouts import title, to_apply
from audit.migrations import decoded
from audit.results import Migration
from audit.sql_text import Statement, Unreadable, chains, statements, tokens


def as_they_are_now(files: Pending) -> tuple[Path, ...]:
    """Return the released files, those that were edited as they are now."""
    now = {title(path): path for path in files.rewritten}
    return tuple(now.get(title(path), path) for path in files.released)


def judged(files: Pending, before: Standing, after: Standing, migrations: Sequence[Migration]) -> tuple[Rehearsed, ...]:
    """Say of each edited file what its edit does to a database that is built anew.

    ``before`` and ``after`` are what the suite says of databases that are built from the released files and from the
    edited ones, and ``migrations`` what became of the latter. Raises TargetError when a file cannot be read.
    """
    differences, reached = compare(before, after)
    then = {title(path): path for path in files.released}
    became = {each.file: each for each in migrations}
    steps = [tuple(_edited(then[title(path)], path)) for path in files.rewritten]
    blames = blamed(steps, differences, reached, after, None)
    return tuple(
        Rehearsed(
            title(path),
            became.get(title(path), Migration(title(path), applied=True)),
            each,
            differences=tuple(blame.differences),
            reached=tuple(blame.reached),
        )
        for path, each, blame in zip(files.rewritten, steps, blames, strict=True)
    )


def _edited(then: Path, now: Path) -> Iterator[Step]:
    """Yield the statements that were not in a file before; each as a change of what it names."""
    old = {_told(statement) for _, statement in _statements(then)}
    for line, statement in _statements(now):
        if _told(statement) not in old:
            names = " ".join(".".join(chain.names) for chain in chains(list(tokens(statement.text))))
            yield Step(line, statement.words, catalogue=(Change("edited", "statement", names),))


def _told(statement: Statement) -> tuple[str, ...]:
    return tuple(token.text for token in tokens(statement.text))


def _statements(path: Path) -> list[tuple[int, Statement]]:
    try:
        text = to_apply(decoded(read(path)))
        return [(text.count("\n", 0, each.start) + 1, each) for each in statements(text)]
    except (UnicodeDecodeError, Unreadable):
        return []  # it does not apply, and MIG-01 says so

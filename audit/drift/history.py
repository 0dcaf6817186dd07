"""Whether a live database has applied the files that there are: by their versions, and by what they said then.

https://supabase.com/docs/reference/cli/supabase-migration-list tells of the platform's own table of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from audit.connection import TargetError
from audit.drift.printing import words
from audit.drift.statements import literal
from audit.evidence import Row, safe
from audit.layouts import to_apply
from audit.migrations import decoded, version

EMPTY = "supabase_migrations.schema_migrations is empty"


def disagreements(files: Sequence[Path], applied: Mapping[str, Sequence[str] | None]) -> tuple[list[Row], list[str]]:
    """Return the versions in which files and history differ, and of which versions nobody knows what was applied.

    ``applied`` are the versions that the live database has applied, each with its statements, where these were kept.
    Raises TargetError when a file cannot be read.
    """
    known = {number: _Applied(text, statements) for text, statements in applied.items() if (number := _number(text))}
    mine = {number: path for path in files if (number := version(path.name)) is not None}
    found = [*_missing(mine, known), *_unknown(mine, known, applied)]
    unsure: list[str] = []
    for number in sorted(mine.keys() & known.keys()):
        then = known[number].statements
        if then is None:
            unsure.append(known[number].version)
        elif _plain(then) != _plain([_text(mine[number])]):
            found.append(_edited(mine[number], known[number].version))
    return found, unsure


class _Applied:
    def __init__(self, version: str, statements: Sequence[str] | None) -> None:
        self.version, self.statements = version, statements


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]+", text) else None


def _text(path: Path) -> str:
    try:
        return to_apply(decoded(path.read_bytes()))
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"{safe(str(path))} cannot be read: {error}") from error


def _plain(statements: Sequence[str]) -> tuple[str, ...]:
    """Return what statements say, wherever one ends and the next begins."""
    return tuple(word for each in statements for word in words(each) if word != ";")


def _missing(mine: Mapping[int, Path], known: Mapping[int, _Applied]) -> Iterator[Row]:
    for number in sorted(mine.keys() - known.keys()):
        path = mine[number]
        told = path.name.partition("_")[0]
        late = any(other > number for other in known)
        fix = (
            f"-- Where it is yet to be applied: supabase db push{' --include-all' if late else ''}\n"
            f"-- Where its statements were executed by hand: supabase migration repair --status applied {safe(told)}"
        )
        yield _row(told, "not applied", path.name, fix)


def _unknown(mine: Mapping[int, Path], known: Mapping[int, _Applied], applied: Mapping[str, object]) -> Iterator[Row]:
    gone = [known[number].version for number in sorted(known.keys() - mine.keys())]
    for text in [*gone, *sorted(each for each in applied if _number(each) is None)]:
        fix = (
            "-- Get the file back: supabase migration fetch, or git.\n"
            f"-- Where what it did was undone: supabase migration repair --status reverted {safe(text)}"
        )
        yield _row(text, "no file", None, fix)


def _edited(path: Path, told: str) -> Row:
    fix = (
        "-- Databases that have applied it do not get the edit. Give the file back what was applied, and put the edit\n"
        "-- in a new one; what was applied, the statements of this row say:\n"
        f"-- select statements from supabase_migrations.schema_migrations where version = {literal(told)};"
    )
    return _row(told, "edited since", path.name, fix)


def _row(told: str, what: str, file: str | None, fix: str) -> Row:
    name = safe(f"version {told}")
    return Row(name, {"what": what, "file": safe(file) if file else None}, {"object": literal(name)}, fix)

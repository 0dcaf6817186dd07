"""The versions of new migrations: missing, taken, too old; and released files that were changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from audit.evidence import Row, safe
from audit.gate.hazards import found
from audit.gate.pending import Pending
from audit.layouts import BY_NUMBER, LISTED, name_of, numbered, repeated, title

# --- Versions


def judge_versions(files: Pending) -> tuple[Row, ...]:
    """Return new files whose version is missing, taken, or before a released one, and released ones that changed."""
    rows = [*_by_order(files)] if files.tool in LISTED else [*_by_version(files)]
    for name, why in files.passed_over.items():
        fix = f"-- {why}: {files.tool or 'the tool'} does not apply it."
        rows.append(found(name, 1, "not applied", fix, kind="not applied", reason=why))
    for each in map(safe, files.taken_for_up):
        fix = (
            "-- The Supabase CLI applies it like any other file; so it is judged as one. Keep what undoes a migration\n"
            "-- in another folder, or name what your own tool passes over: --down='*.down.sql'."
        )
        rows.append(found(each, 1, "taken for a migration", fix, kind="a down file that would be applied"))
    for name, what in (*((n, "was edited") for n in files.edited), *((n, "was removed") for n in files.removed)):
        fix = "-- Databases that have applied it will not apply it again. Leave it as it was, and add a new file."
        rows.append(found(name, 1, f"released, and {what}", fix, kind=f"a released file {what}"))
    return tuple(rows)


def _by_order(files: Pending) -> Iterator[Row]:
    """Tell of new files that the tool's list has before released ones."""
    place = {path: number for number, path in enumerate(files.order)}
    new = {*files.new}
    last = max((number for path, number in place.items() if path not in new), default=-1)
    for path in files.new:
        if place.get(path, last) < last:
            other = title(files.order[last])
            fix = f"-- {other} is released already. Put this one behind it in the list of {files.tool}."
            yield found(title(path), 1, "out of order", fix, kind="version too old", other=other)


def _version(path: Path, tool: str) -> tuple[int, ...] | str | None:
    """Return what a tool knows a migration by: most compare versions as text, and to some they are numbers."""
    number = numbered(path)
    text = re.match(r"[0-9]+", name_of(path))
    return number if number is None or tool in BY_NUMBER or text is None else text[0]


def _by_version(files: Pending) -> Iterator[Row]:
    def place(path: Path) -> tuple[tuple[int, ...], str]:
        return (numbered(path) or (), "") if files.tool in BY_NUMBER else ((), name_of(path))

    released = {_version(path, files.tool): path for path in files.released if not repeated(path)}
    newest = max((path for number, path in released.items() if number is not None), key=place, default=None)
    seen: dict[tuple[int, ...] | str, Path] = {}
    for path in files.new:
        name, number = title(path), _version(path, files.tool)
        if repeated(path):
            continue
        if number is None:
            fix = "-- Begin the file's name with its version, such as 20260131120000_, or it is not applied at all."
            yield found(name, 1, "no version", fix, kind="no version")
            continue
        told = f"version {number if isinstance(number, str) else '.'.join(map(str, number))}"
        other = seen.get(number) or released.get(number)
        if other:
            fix = f"-- {title(other)} has the same version: only one of them is applied. Rename this one."
            yield found(name, 1, told, fix, kind="version taken", other=title(other))
        elif newest is not None and place(path) < place(newest):
            fix = f"-- {title(newest)} is released already. Rename this file, so that it comes after that one."
            yield found(name, 1, told, fix, kind="version too old", other=title(newest))
        seen[number] = path

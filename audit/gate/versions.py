"""The versions of new migrations: missing, taken, too old; and released files that were changed."""

from __future__ import annotations

from collections.abc import Iterator

from audit.evidence import Row, safe
from audit.gate.hazards import found
from audit.gate.pending import Pending
from audit.layouts import LISTED, numbered, repeated, title

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


def _by_version(files: Pending) -> Iterator[Row]:
    released = {numbered(path): title(path) for path in files.released}
    newest = max((number for number in released if number is not None), default=None)
    seen: dict[tuple[int, ...], str] = {}
    for path in files.new:
        name, number = title(path), numbered(path)
        if repeated(path):
            continue
        if number is None:
            fix = "-- Begin the file's name with its version, such as 20260131120000_, or it is not applied at all."
            yield found(name, 1, "no version", fix, kind="no version")
            continue
        told = f"version {'.'.join(map(str, number))}"
        other = seen.get(number) or released.get(number)
        if other:
            fix = f"-- {other} has the same version: only one of them is applied. Rename this one."
            yield found(name, 1, told, fix, kind="version taken", other=other)
        elif newest is not None and number < newest:
            fix = f"-- {released[newest]} is released already. Rename this file, so that it comes after that one."
            yield found(name, 1, told, fix, kind="version too old", other=released[newest])
        seen[number] = name

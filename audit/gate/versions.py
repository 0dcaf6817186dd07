"""The versions of new migrations: missing, taken, too old; and released files that were changed."""

from __future__ import annotations

from audit.evidence import Row, safe
from audit.gate.hazards import found
from audit.gate.pending import Pending
from audit.migrations import version

# --- Versions


def judge_versions(files: Pending) -> tuple[Row, ...]:
    """Return new files whose version is missing, taken, or before a released one, and released ones that changed."""
    rows = []
    released = {version(path.name): safe(path.name) for path in files.released}
    newest = max((number for number in released if number is not None), default=None)
    seen: dict[int, str] = {}
    for path in files.new:
        name, number = safe(path.name), version(path.name)
        if number is None:
            fix = "-- Begin the file's name with its version, such as 20260131120000_, or it is not applied at all."
            rows.append(found(name, 1, "no version", fix, kind="no version"))
            continue
        other = seen.get(number) or released.get(number)
        if other:
            fix = f"-- {other} has the same version: only one of them is applied. Rename this one."
            rows.append(found(name, 1, f"version {number}", fix, kind="version taken", other=other))
        elif newest is not None and number < newest:
            fix = f"-- {released[newest]} is released already. Rename this file, so that it comes after that one."
            rows.append(found(name, 1, f"version {number}", fix, kind="version too old", other=released[newest]))
        seen[number] = name
    for each in map(safe, files.taken_for_up):
        fix = (
            "-- The Supabase CLI applies it like any other file; so it is judged as one. Keep what undoes a migration\n"
            "-- in another folder, or name what your own tool passes over: --down='*.down.sql'."
        )
        rows.append(found(each, 1, "taken for a migration", fix, kind="a down file that would be applied"))
    for name, what in (*((n, "was edited") for n in files.edited), *((n, "was removed") for n in files.removed)):
        fix = "-- Databases that have applied it will not apply it again. Leave it as it was, and add a new file."
        rows.append(found(safe(name), 1, f"released, and {what}", fix, kind=f"a released file {what}"))
    return tuple(rows)

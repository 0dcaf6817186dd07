"""Which files of a directory of migrations are applied, and which undo something and lie there for a person.

``NAME.down.sql`` is a way of some tools to say how ``NAME.sql`` or ``NAME.up.sql`` is undone. The Supabase CLI does not
know it: whatever ends in ``.sql`` is a migration to it (https://supabase.com/docs/guides/deployment/database-migrations).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from audit.connection import TargetError
from audit.evidence import safe
from audit.layouts import DOWN, UNDOES, Layout, is_supabase, recognised


@dataclass(frozen=True)
class Applied:
    """The files that are applied, in their order; ``taken_for_up`` are names of those that look as if they were not.

    ``tool`` is whose layout it is, and ``passed_over`` says of files why they are not applied, but for those that undo
    something.
    """

    files: tuple[Path, ...]
    taken_for_up: tuple[str, ...] = ()
    tool: str = ""
    passed_over: Mapping[str, str] = field(default_factory=dict)


def skipped(name: str, down: str) -> bool:
    """Tell whether the project's tool skips a file, by the pattern that it was told (``--down``)."""
    return bool(down) and fnmatchcase(name, down)


def applied(directory: Path, down: str = "") -> Applied:
    """Tell which files are applied. ``down`` is the pattern of those that are not, or "" where nobody said.

    Raises TargetError as :func:`audit.layouts.recognised` does.
    """
    try:
        layout = recognised(directory)
    except TargetError:
        if down or not lone_downs(directory):
            raise
        layout = Layout("", ())
    files = [path for path in layout.files if not skipped(path.name, down)]
    more = [] if down else [path for path in lone_downs(directory) if path not in files]
    if more:
        by_name = sorted([*files, *more], key=lambda path: path.name)
        files = by_name if [path for path in by_name if path not in more] == files else [*files, *more]
    downs = {safe(path.name) for path in more}
    passed_over = {
        name: why
        for name, why in layout.skipped.items()
        if not why.startswith(UNDOES) and name not in downs and not skipped(name, down)
    }
    taken_for_up = tuple(path.name for path in files if path.name.endswith(DOWN))
    return Applied(tuple(files), taken_for_up, layout.tool, passed_over)


def lone_downs(directory: Path) -> list[Path]:
    """Return files that end in ``.down.sql`` and are applied all the same. Raises TargetError for what is no file.

    One that has nothing to undo beside it is none; and in ``supabase/migrations`` none is.
    """
    supabase = is_supabase(directory)
    found = []
    for path in sorted(directory.glob(f"*{DOWN}")):
        name = path.name.removesuffix(DOWN)
        paired = any((directory / f"{name}{end}").is_file() for end in (".sql", ".up.sql"))
        if path.is_dir() or (paired and not supabase):
            continue
        if path.exists() and not path.is_file():
            raise TargetError(f"{safe(path.name)} is not a regular file: put the migration itself there")
        found.append(path)
    return found

"""Where the command was called: whose project that is, its settings, and what its database is built from.

Settings are looked for from the working directory upwards, and never beyond the repository that it is in: what lies
above that, somebody else may have written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.connection import TargetError
from audit.evidence import safe
from audit.house import HOUSE, INSTALLED
from audit.layouts import beginning, recognised
from audit.settings import PYPROJECT, TABLE, Settings, load
from audit.toml_file import FileError, read

NAMES = ("audit.toml", "supabase/audit.toml")
POLICIES = "policies"
REPORTS = "audit-reports"

# Where projects keep what builds their database: directories, in the order of what says most, and then single files.
SOURCES = (
    "supabase/migrations",
    "prisma/migrations",
    "drizzle",
    "db/migrations",
    "database/migrations",
    "migrations",
    "sql",
    "supabase/schemas",
)
# Of these, a folder further down is known by its name alone: a monorepo's applications have each their own.
SURE = ("supabase/migrations", "prisma/migrations", "drizzle", "db/migrations", "supabase/schemas")
# What Drizzle and Prisma keep beside their migrations, which are in a folder of any name then; both name the database.
MARKS = ("meta/_journal.json", "migration_lock.toml")
_LOOKED_AT = 4096  # as much of a mark says for which database it is
POSTGRESQL = re.compile(r"\b(postgresql|pg)\b")
DEEPEST = 4
MOST_NAMED = 5
NOT_LOOKED_INTO = frozenset({"node_modules", "vendor", "dist", "build", "out", "target", "venv", "__pycache__"})
FILES = ("supabase/schema.sql", "db/structure.sql", "structure.sql", "schema.sql", "dump.sql", "db/schema.sql")


@dataclass(frozen=True)
class Place:
    """A project: its folder, and its settings with the file that they are in, if it has one."""

    root: Path
    file: Path | None = None
    settings: Settings = field(default_factory=Settings)

    @property
    def ours(self) -> bool:
        """Whether it is this program's own checkout, whose files apply by themselves."""
        return not INSTALLED and self.root == HOUSE

    @property
    def reports(self) -> Path:
        """The folder that reports go to, unless another is named."""
        return self.root / ("reports/out" if self.ours else REPORTS)

    @property
    def history(self) -> Path:
        """The file that remembers live databases, unless another is named."""
        return self.root / ("reports" if self.ours else REPORTS) / "history.sqlite"

    @property
    def policies(self) -> Path | None:
        """The folder of the project's own policies, or None. Raises FileError where one is named that is not there."""
        if self.file is None or self.ours:
            return None
        named = self.settings.policies
        folder = self.file.parent / (named or POLICIES)
        if named and not folder.is_dir():
            raise FileError(f"{self.file}: policies: there is no folder {named}")
        return folder if next(folder.glob("test_*.py"), None) is not None else None


def here(named: str | None = None) -> Place:
    """Return the project that the working directory is in, or that a file of settings is ``named`` of.

    Raises FileError when a file of settings cannot be used.
    """
    if named:
        file = Path(named).absolute()
        if not file.is_file():
            raise FileError(f"--settings {named}: there is no such file")
        return Place(_root(file), file, load(file))
    try:
        start = Path.cwd()
    except FileNotFoundError:
        raise FileError("the folder that this was called in is not there any more: call it in the project's") from None
    for folder in _upwards(start):
        for name in NAMES:
            if (folder / name).is_file():
                return Place(folder, folder / name, load(folder / name))
            if (folder / name).is_symlink() or (folder / name).exists():
                raise FileError(f"{folder / name} is no file that can be read: settings are one, or are left out")
        if _says_something(folder / PYPROJECT):
            return Place(folder, folder / PYPROJECT, load(folder / PYPROJECT))
    return Place(next((folder for folder in _upwards(start) if _at(folder)), start))


def _root(file: Path) -> Path:
    return file.parent.parent if file.parent.name == "supabase" else file.parent


def _upwards(start: Path) -> Iterator[Path]:
    around = [start, *start.parents]
    repository = next((number for number, each in enumerate(around) if (each / ".git").exists()), None)
    yield from around[: 1 if repository is None else repository + 1]


def _says_something(file: Path) -> bool:
    """Tell whether there are settings of ours in a pyproject.toml.

    One that is broken is for others to tell of, unless it names us. Raises FileError.
    """
    if not file.is_file():
        return False
    try:
        content: Any = read(file).content
    except FileError:
        if TABLE[-1] in file.read_text(encoding="utf-8", errors="replace"):
            raise
        return False
    for step in TABLE:
        if not isinstance(content, Mapping) or step not in content:
            return False
        content = content[step]
    if not isinstance(content, Mapping):
        raise read(file).wrong(TABLE, f"[{'.'.join(TABLE)}] must be a table")
    return bool(content)


def source(root: Path) -> Path | None:
    """Return what a project's database is built from, where it is kept as projects do; None where nothing is found.

    In a monorepo that is in a folder of it. Raises FileError where several are.
    """
    if found := _at(root):
        return found
    below = [*_below(root)]
    if len(below) > 1:
        names = ", ".join(safe(each.relative_to(root).as_posix()) for each in below[:MOST_NAMED])
        more = f" and {len(below) - MOST_NAMED:,} more" if len(below) > MOST_NAMED else ""
        raise FileError(
            f"several databases are built here ({names}{more}): call it in the folder of one of them, "
            f"or name one with --migrations=DIR"
        )
    return next(iter(below), None)


def _at(root: Path) -> Path | None:
    return _beside(root, SOURCES) or next((root / name for name in FILES if (root / name).is_file()), None)


def _beside(root: Path, names: Sequence[str]) -> Path | None:
    return next((root / name for name in names if (root / name).is_dir() and _can_be_read(root / name)), None)


def _below(root: Path) -> Iterator[Path]:
    """Yield what builds databases further down. Links are not followed."""
    for name, folders, _ in os.walk(root):
        folder = Path(name)
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in NOT_LOOKED_INTO)
        if folder != root and (found := _beside(folder, SURE) or _marked(folder)):
            yield found
            folders.clear()
        if len(folder.relative_to(root).parts) >= DEEPEST:
            folders.clear()


def _marked(folder: Path) -> Path | None:
    """Return a folder whose tool has left a mark in it that says PostgreSQL."""
    marks = [folder / name for name in MARKS if (folder / name).is_file()]
    return folder if any(map(_says_postgresql, marks)) and _can_be_read(folder) else None


def _says_postgresql(mark: Path) -> bool:
    try:
        return bool(POSTGRESQL.search(beginning(mark, _LOOKED_AT)))
    except TargetError:
        return False


def _can_be_read(folder: Path) -> bool:
    try:
        return bool(recognised(folder).files)
    except TargetError:
        return False

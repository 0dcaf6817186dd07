"""Where what no migration creates may come from: files of the repository that create it, and what would help."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from audit.effects import effects
from audit.evidence import safe
from audit.layouts import to_apply
from audit.results import RELATIONS, Build, Thing
from audit.sql_text import Unreadable, statements

_NOT_LOOKED_INTO = frozenset({
    ".git", "node_modules", "dist", "build", "out", "vendor", ".next", ".venv", "venv", "target", "__pycache__",
})  # fmt: skip
_LEVELS = 6
_MOST_FILES = 3000
_MOST_BYTES = 5_000_000
_OFFERED = 3
# What `supabase gen types` writes: https://supabase.com/docs/guides/api/rest/generating-types
_TABLES = re.compile(r"^(?P<in> *)Tables: \{\n(?P<tables>.*?)^(?P=in)\}", re.MULTILINE | re.DOTALL)


def advice(place: Path, files: Sequence[Path], build: Build) -> tuple[str, ...]:
    """Say what would help where files begin with what none of them creates; nothing where they do not."""
    if not build.nowhere:
        return ()
    root = _root(place)
    found = list(_walk(root))
    told = [f"{name} creates {number} of them: --before={name}" for name, number in _offers(root, found, files, build)]
    known = _known_tables(found)
    if known:
        told.append(f"the generated database types know {known:,} tables, {build.tables:,} are built")
    return (
        *told[: _OFFERED + 1],
        "audit a dump of the schema: pg_dump --schema-only DATABASE > schema.sql; care-audit check --schema=schema.sql",
        "audit the live database, which is only read: care-audit check --target=service=NAME",
    )


def _root(place: Path) -> Path:
    """Return the repository that a directory is in, or the directory around it."""
    place = place.resolve()
    for folder in list(place.parents)[:_LEVELS]:
        if (folder / ".git").exists():
            return folder
    return place.parent.parent if place.parent.name in ("supabase", "prisma", "db", "database") else place.parent


def _walk(root: Path) -> Iterator[Path]:
    """Return the files that may tell something; links are not followed."""
    number = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if each not in _NOT_LOOKED_INTO)
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix not in (".sql", ".ts") or path.is_symlink() or not path.is_file():
                continue
            number += 1
            if number > _MOST_FILES:
                return
            if path.stat().st_size <= _MOST_BYTES:
                yield path


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError:
        return ""


def _offers(root: Path, found: Sequence[Path], files: Sequence[Path], build: Build) -> list[tuple[str, int]]:
    """Return the places that create what is missing, those that create most first."""
    own = {path.resolve() for path in files}
    wanted = [thing for thing in build.nowhere if thing.kind in RELATIONS] or list(build.nowhere)
    places: dict[Path, set[Thing]] = {}
    for path in found:
        if path.suffix == ".sql" and path.resolve() not in own and (made := _made(path, wanted)):
            # Declared schemas are many files, which only count together.
            together = path.parent if path.parent.name == "schemas" else path
            places.setdefault(together, set()).update(made)
    ordered = sorted(places.items(), key=lambda each: (-len(each[1]), each[0]))
    return [(safe(path.relative_to(root).as_posix()), len(made)) for path, made in ordered[:_OFFERED]]


def _made(path: Path, wanted: Collection[Thing]) -> set[Thing]:
    text = _read(path)
    if not any(thing.name in text for thing in wanted):
        return set()
    try:
        made = {
            thing
            for statement in statements(to_apply(text))
            if statement.words[:1] == ("create",)
            for thing in effects(statement).made
        }
    except Unreadable:
        return set()
    return {each for each in wanted if any(thing.is_like(each) for thing in made)}


def _known_tables(found: Sequence[Path]) -> int:
    """Count the tables that generated types know: those of the file that knows most."""
    most = 0
    for path in found:
        if path.suffix == ".ts" and (match := list(_TABLES.finditer(_read(path)))):
            names = sum(len(re.findall(rf"^{each['in']}  \S+: \{{$", each["tables"], re.MULTILINE)) for each in match)
            most = max(most, names)
    return most

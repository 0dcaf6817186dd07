"""Which schemas the API served before a change: by the project's configuration and settings as they were.

What a change newly serves is open from then on, though no migration touches it; what it has the audit no longer look
at is looked at all the same.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audit.access.parameters import exposed_schemas
from audit.gate.culprits import blamed
from audit.gate.rehearsal import compare
from audit.gate.results import Change, Rehearsed, Standing, Step
from audit.layouts import config_beside
from audit.migrations import decoded
from audit.question import Connection
from audit.results import Migration
from audit.settings import Settings
from audit.toml_file import locate

# https://supabase.com/docs/guides/local-development/cli/config#api.schemas
_CONFIG = ("api", "schemas")
_SETTINGS = (("exposed_schemas",), ("tool", "care-audit", "exposed_schemas"))
# What the API serves where nothing is said.
USUAL = ("public",)


@dataclass(frozen=True)
class Said:
    """What the files of a change said before it about the schemas that the API serves; and which files say so now.

    ``config`` is what the API is told, and ``settings`` what the audit is; () where nothing is said.
    """

    config: tuple[str, ...]
    settings: tuple[str, ...]
    config_file: Path
    settings_file: Path | None


def said_before(contents: Mapping[Path, bytes], config: Path, settings: Sequence[Path]) -> Said:
    """Read what files held before a change: the project's configuration, and its settings in the order they count."""
    there = [path for path in settings if path in contents]
    named = [names for path in there for way in _SETTINGS if (names := _names(contents[path], way))]
    now = next((path for path in settings if path.is_file()), None)
    return Said(_names(contents.get(config, b""), _CONFIG), named[0] if named else (), config, now)


def _names(data: bytes, way: Sequence[str]) -> tuple[str, ...]:
    """Return a list of names in a TOML file, () where there is none, or it cannot be read."""
    try:
        found: Any = tomllib.loads(decoded(data))
        for key in way:
            found = found[key]
        return tuple(name for name in found if isinstance(name, str)) if isinstance(found, list) else ()
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()


def served_before(conn: Connection, said: Said, settings: Settings, place: Path) -> tuple[str, ...]:
    """Return the schemas that the API served before a change, of a database built as the project is configured now."""
    if said.settings:
        return said.settings
    there = tuple(exposed_schemas(conn, replace(settings, exposed_schemas=())))
    # Where a migration says it, no configuration counts.
    of_config = there == (config_beside(place).schemas or USUAL)
    return (said.config or USUAL) if of_config else there


def newly_served(said: Said, settings: Settings, before: Standing, after: Standing) -> tuple[Path, Rehearsed]:
    """Tell what is open because a change has the API, or the audit, begin with other schemas; and which file does.

    ``before`` and ``after`` are what the suite says of what is released with the schemas of then and of now.
    """
    by_settings = settings.exposed_schemas != said.settings and said.settings_file is not None
    file = said.settings_file if by_settings and said.settings_file else said.config_file
    differences, reached = compare(before, after)
    step = Step(_line(file), ("schemas",), catalogue=(Change("edited", "statement", " ".join(after.exposed)),))
    (blame,) = blamed([(step,)], differences, reached, after, None)
    made = Rehearsed(
        file.name,
        Migration(file.name, applied=True),
        (step,),
        differences=tuple(blame.differences),
        reached=tuple(blame.reached),
    )
    return file, made


def _line(file: Path) -> int:
    try:
        text = decoded(file.read_bytes()).replace("\r\n", "\n")
        tomllib.loads(text)
    except (OSError, ValueError, RecursionError):
        return 1
    lines = locate(text)
    return next((lines[way] for way in (_CONFIG, *_SETTINGS) if way in lines), 1)

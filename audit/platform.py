"""What Supabase brings, as far as a disposable server can have it: the manifest, and what a refused statement lacks.

schema/platform/manifest.toml says of every extension, schema, table, function and role whether it is faithful, a
stand-in or absent, and of statements which ones nothing can stand in for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Status = Literal["faithful", "stand-in", "absent", "refused"]

PLATFORM = Path(__file__).parents[1] / "schema" / "platform"
EXTENSIONS = PLATFORM / "extensions"
MANIFEST = PLATFORM / "manifest.toml"


@dataclass(frozen=True)
class Extension:
    """An extension: ``trusted`` means that Supabase lets role postgres create it.

    ``own`` says when the server's own is used: "first" (where there is one) or "never" (it would reach out of the
    database, or does not work unless it is preloaded). ``schema`` is where Supabase puts it, whatever a statement asks
    for (supautils.extensions_parameter_overrides).
    """

    name: str
    status: Status
    source: str
    note: str = ""
    trusted: bool = False
    own: Literal["first", "never"] = "first"
    schema: str = ""
    known_by: Collection[str] = ()

    @property
    def has_stand_in(self) -> bool:
        """Tell whether there is a stand-in of ours."""
        return (EXTENSIONS / f"{self.name}.control").is_file()

    def uses_own(self, available: Collection[str]) -> bool:
        """Tell whether the server's own is used, given the names of those that the server has."""
        return self.name in available and not (self.own == "never" and self.has_stand_in)


@dataclass(frozen=True)
class Aside:
    """A kind of statement that nothing can stand in for: the error that tells it, and what is missing."""

    sqlstate: str
    message: re.Pattern[str]
    missing: str
    status: Status

    def match(self, sqlstate: str | None, message: str) -> str | None:
        """Return what is missing where the error is of this kind."""
        found = self.message.search(message) if sqlstate == self.sqlstate else None
        return found.expand(self.missing) if found else None


@cache
def manifest() -> Mapping[str, Any]:
    """Return the manifest as it is written."""
    return tomllib.loads(MANIFEST.read_text(encoding="utf-8"))


def bringing(kind: str, schema: str, name: str) -> str | None:
    """Return the extension that brings a schema, what is in it, or a type, function or operator class of that name."""
    wanted = {name if kind == "schema" else schema}
    if kind in ("type", "function", "operator class"):
        wanted.add(name)
    return next((each.name for each in extensions().values() if wanted & {*each.known_by}), None)


def brings(kind: Literal["functions", "tables", "schemas"], name: str) -> bool:
    """Tell whether the platform has such an object here, given its qualified name."""
    return manifest()[kind].get(name, {}).get("status") in ("faithful", "stand-in")


@cache
def extensions() -> Mapping[str, Extension]:
    """Return the extensions of the manifest by name."""
    return {name: Extension(name, **facts) for name, facts in manifest()["extensions"].items()}


@cache
def asides() -> tuple[Aside, ...]:
    """Return the kinds of statements that nothing can stand in for, the most specific first."""
    return tuple(
        Aside(each["sqlstate"], re.compile(each["message"]), each["missing"], each["status"])
        for each in manifest()["statements"]
    )


def aside(sqlstate: str | None, message: str) -> tuple[Status, str] | None:
    """Return why a disposable server refused a statement, where that is known: ``absent`` or ``refused``, and of what.

    ``message`` is the error's primary message in English.
    """
    for kind in asides():
        if missing := kind.match(sqlstate, message):
            return kind.status, missing
    return None


def absent(sqlstate: str | None, message: str) -> str | None:
    """Return what a disposable server lacks, where that is why it refused a statement; else None.

    Where something is returned, the file is not at fault: the statement is to be set aside, and what depends on it
    cannot be judged. A statement that is wrong, or that Supabase refuses, too, is none of these. ``message`` is the
    error's primary message in English.

    >>> absent("0A000", 'extension "pg_nonesuch" is not available')
    'the extension pg_nonesuch'
    >>> absent("42501", "must be owner of table auth.users")
    """
    match aside(sqlstate, message):
        case ("absent", missing):
            return missing
    return None

"""schema/access.toml: who may reach what, as declared.

The form is checked when the file is read. Whether tables, columns and predicates fit the database is only known there:
see :mod:`audit.access.matrix`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.access.results import API_ACTORS, COMMANDS
from audit.people import CAST

TABLE_FLAGS = ("public", "server_only", "private")
TABLE_KEYS = (*TABLE_FLAGS, "review", "rows", "reach", "hidden", "fixed", "columns")
WITH_COLUMNS = ("select", "insert", "update")
ALL = "all"

REACHING = {
    **{name: (name,) for name in API_ACTORS},
    "members": ("alice", "bob", "stranger"),
    "users": tuple(name for name in API_ACTORS if CAST[name].id),
    "everybody": API_ACTORS,
}


@dataclass(frozen=True)
class Declaration:
    """What is declared of one table.

    ``rows`` are named sets of rows, as SQL predicates over the table's columns in which ``:me`` is the caller's id.
    ``reach`` says for each command and actor which sets they may reach; ``hidden`` and ``fixed`` which columns an actor
    may not read, or not change; ``columns`` for a command and actor the very columns that they name in it, no more and
    no fewer. ``review``: written by a machine, and read by nobody yet. ``lines`` are where a key
    stands in the file, and "" where the table does.
    """

    rows: Mapping[str, str] = field(default_factory=dict)
    reach: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fixed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    review: bool = False
    lines: Mapping[str, int] = field(default_factory=dict)
    place: str = "access.toml"

    def at(self, key: str = "") -> str:
        """Say where in the file something is declared."""
        line = self.lines.get(key) or self.lines.get("")
        return f"{self.place}, line {line}" if line else self.place


@dataclass(frozen=True)
class Access:
    """The declarations: relations and functions by qualified name, as ``regclass`` and ``regprocedure`` print them.

    public_tables may be read by everybody; server_only_tables are for the service role alone; private_tables must not
    be published; public_functions may be called without an identity; public_buckets serve files to everybody.
    ``declared`` says of tables who reaches which of their rows, ``callers`` of functions for which actors they are, and
    ``claims`` what the server wrote into each token.
    """

    public_tables: tuple[str, ...] = ()
    server_only_tables: tuple[str, ...] = ()
    private_tables: tuple[str, ...] = ()
    public_functions: tuple[str, ...] = ()
    public_buckets: tuple[str, ...] = ()
    declared: Mapping[str, Declaration] = field(default_factory=dict)
    callers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    claims: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def parameters(self) -> dict[str, Any]:
        """Return the declarations as parameters for questions, and what those who act need as it is."""
        acted = ("declared", "callers", "claims")
        plain = {key: list(value) for key, value in vars(self).items() if key not in ("source", *acted)}
        return {**plain, **{key: getattr(self, key) for key in acted}}


def load(path: Path) -> Access:
    """Read access.toml; a missing file declares nothing.

    Raises ValueError, with one sentence that names the file, the line and the key, when the file cannot be used.
    """
    if not path.exists():
        return Access()
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    for key in found:
        if key not in ("tables", "functions", "buckets", "claims"):
            raise ValueError(f"{path.name}: unknown key {key!r}; the keys are tables, functions, buckets and claims")
    return Access(
        **{f"{flag}_tables": _flagged(found, "tables", flag, TABLE_KEYS, path) for flag in TABLE_FLAGS},
        public_functions=_flagged(found, "functions", "public", ("public", "callers"), path),
        public_buckets=_flagged(found, "buckets", "public", ("public",), path),
        declared=declarations(found.get("tables", {}), path.name, text),
        callers=dict(_callers(found.get("functions", {}), path.name, text)),
        claims=_claims(found.get("claims", {}), path),
        source=found,
    )


def _callers(functions: Mapping[str, Any], place: str, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, entry in functions.items():
        if "callers" not in entry:
            continue
        line = dict(_lines(text, "functions", name)).get("callers")
        where = f"{place}{f', line {line}' if line else ''}"
        given = entry["callers"]
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise ValueError(f"{where}: callers must be a list of actors")
        for who in given:
            if who not in REACHING:
                raise ValueError(f"{where}: unknown actor {who!r}; there are {', '.join(REACHING)}")
        yield name, tuple(dict.fromkeys(actor for who in given for actor in REACHING[who]))


def _flagged(found: Mapping[str, Any], kind: str, flag: str, known: tuple[str, ...], path: Path) -> tuple[str, ...]:
    entries = found.get(kind, {})
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise ValueError(f'{path.name}: {kind} must be tables, such as [{kind}."name"]')
    for name, entry in entries.items():
        for key, value in entry.items():
            if key not in known:
                raise ValueError(f"{path.name}: {kind}.{name}: unknown key {key!r}; the keys are {', '.join(known)}")
            if key in (*TABLE_FLAGS, "review") and not isinstance(value, bool):
                raise ValueError(f"{path.name}: {kind}.{name}.{key} must be true or false")
    return tuple(name for name, entry in entries.items() if entry.get(flag))


def _claims(found: object, path: Path) -> dict[str, dict[str, Any]]:
    """Return what is in the app_metadata of each actor's token, groups resolved."""
    if not isinstance(found, dict) or not all(isinstance(given, dict) for given in found.values()):
        raise ValueError(f'{path.name}: claims must say whose, such as claims.admin = {{ role = "admin" }}')
    claims: dict[str, dict[str, Any]] = {}
    for who, given in found.items():
        if who not in REACHING:
            raise ValueError(f"{path.name}: claims: unknown actor {who!r}; there are {', '.join(REACHING)}")
        try:
            json.dumps(given)
        except TypeError as error:
            raise ValueError(f"{path.name}: claims.{who} must be texts, numbers, lists and the like") from error
        for name in REACHING[who]:
            claims[name] = {**claims.get(name, {}), **given}
    return claims


def declarations(tables: Mapping[str, Any], place: str = "access.toml", text: str = "") -> dict[str, Declaration]:
    """Return the declarations of tables of which more is said than that they are private.

    Raises ValueError with one sentence that names the line, when an actor, a command or a set of rows is unknown.
    """
    found: dict[str, Declaration] = {}
    for name, entry in tables.items():
        if set(entry) - {"private"}:
            found[name] = _declaration(entry, place, dict(_lines(text, "tables", name)))
    return found


def _declaration(entry: Mapping[str, Any], place: str, lines: Mapping[str, int]) -> Declaration:
    def wrong(key: str, why: str) -> ValueError:
        line = lines.get(key) or lines.get("")
        return ValueError(f"{place}{f', line {line}' if line else ''}: {why}")

    def names(key: str, value: object) -> dict[str, tuple[str, ...]]:
        if not isinstance(value, dict):
            raise wrong(key, f"{key} must say for whom, such as {{ members = [...] }}")
        for who, given in value.items():
            if who not in REACHING:
                raise wrong(key, f"unknown actor {who!r}; there are {', '.join(REACHING)}")
            if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
                raise wrong(key, f"{key}.{who} must be a list of names")
        return {who: tuple(given) for who, given in value.items()}

    rows = entry.get("rows", {})
    if not isinstance(rows, dict) or not all(isinstance(predicate, str) for predicate in rows.values()):
        raise wrong("rows", 'rows must be named predicates, such as rows.own = "user_id = :me"')
    if ALL in rows:
        raise wrong(f"rows.{ALL}", f"{ALL!r} are all rows, and cannot be declared")
    reach = entry.get("reach", {})
    if not isinstance(reach, dict):
        raise wrong("reach", "reach must say for each command who reaches which rows")
    reached: dict[str, dict[str, tuple[str, ...]]] = {}
    for command, value in reach.items():
        key = f"reach.{command}"
        if command not in COMMANDS:
            raise wrong(key, f"unknown command {command!r}; the commands are {', '.join(COMMANDS)}")
        reached[command] = names(key, value)
        for who, sets in reached[command].items():
            for each in sets:
                if each != ALL and each not in rows:
                    raise wrong(key, f"{key}.{who}: there are no rows called {each!r}; declare rows.{each}")
    columns = entry.get("columns", {})
    if not isinstance(columns, dict):
        raise wrong("columns", "columns must say for each command who names which columns")
    for command in columns:
        if command not in WITH_COLUMNS:
            raise wrong(f"columns.{command}", f"unknown command {command!r}; columns are of {', '.join(WITH_COLUMNS)}")
    return Declaration(
        rows=rows,
        reach=reached,
        hidden=names("hidden", entry.get("hidden", {})),
        fixed=names("fixed", entry.get("fixed", {})),
        columns={command: names(f"columns.{command}", value) for command, value in columns.items()},
        review=bool(entry.get("review")),
        lines=lines,
        place=place,
    )


_HEADER = re.compile(r"\s*\[(?!\[)(.*)\]\s*(#.*)?")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")


def _lines(text: str, kind: str, entry: str) -> Iterator[tuple[str, int]]:
    """Yield the keys of an entry with their lines, as far as they stand in one line each; "" is the entry itself."""
    inside, prefix = False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            parts = _parts(header[1])
            inside = parts[:2] == [kind, entry]
            prefix = "".join(f"{part}." for part in parts[2:])
            if inside:
                yield prefix.rstrip("."), number
        elif inside and (key := _KEY.match(line)):
            yield prefix + ".".join(_parts(key[1])), number


def _parts(dotted: str) -> list[str]:
    return [
        double.replace('\\"', '"') or single or bare
        for double, single, bare in re.findall(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w-]+))\s*\.?""", dotted)
    ]

"""What a project says of its database: the version of the server, its extensions, the schemas that the API serves.

https://supabase.com/docs/guides/local-development/cli/config, https://supabase.com/docs/guides/database/extensions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from audit.client.config import Config, configs_of
from audit.client.folder import Folder
from audit.client.syntax import Place
from audit.evidence import safe
from audit.settings import PLATFORM_SCHEMAS
from audit.sql_text import NAME, WORD, Statement, Unreadable, quoted, statements, tokens

_MIGRATION = re.compile(r"(.*/)?supabase/migrations/[^/]+\.sql")
_BARE = re.compile(r"[\w-]{1,60}")
_FILLING = frozenset({"if", "not", "exists"})
_ENVIRONMENT = re.compile(r"\s*env\((\w{1,80})\)\s*")


@dataclass(frozen=True)
class Stated:
    """One thing that a project says: ``value`` of the setting ``name``, and where."""

    name: str
    value: str
    place: Place


@dataclass
class Project:
    """All that was said, by what it is about, and why something could not be read, for each."""

    versions: list[Stated] = field(default_factory=list)
    extensions: list[Stated] = field(default_factory=list)
    schemas: list[Stated] = field(default_factory=list)
    doubts: dict[str, list[str]] = field(default_factory=lambda: {"versions": [], "extensions": [], "schemas": []})


def stated_by(folder: Folder) -> Project:
    """Read what the files of a folder say."""
    found = Project()
    configs = configs_of(folder)
    for about in ("versions", "schemas"):
        found.doubts[about] += configs.problems
    for config in configs.read:
        _of_config(config, found)
    found.extensions = _extensions(folder, found.doubts["extensions"])
    return found


def _of_config(config: Config, found: Project) -> None:
    for way, table in _tables(config.content):
        prefix = ".".join(part if _BARE.fullmatch(part) else "?" for part in way)
        dot = f"{prefix}." if prefix else ""
        database, api = table.get("db"), table.get("api")
        if isinstance(database, dict) and "major_version" in database:
            place = config.place(*way, "db", "major_version")
            _version(found, database["major_version"], f"{dot}db.major_version", place)
        if isinstance(api, dict) and api.get("enabled") is not False and "schemas" in api:
            place = config.place(*way, "api", "schemas")
            _schemas(found, api["schemas"], f"{dot}api.schemas", place)


def _tables(content: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], Mapping[str, object]]]:
    """Yield the settings, and those of branches, which say only what is different there."""
    yield (), content
    remotes = content.get("remotes")
    for branch, table in remotes.items() if isinstance(remotes, dict) else ():
        if isinstance(table, dict):
            yield ("remotes", str(branch)), table


def _version(found: Project, value: object, name: str, place: Place) -> None:
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    if re.fullmatch(r"\s*\d{1,3}\s*", text):
        found.versions.append(Stated(name, str(int(text)), place))
    else:
        found.doubts["versions"].append(f"{place}: {name} {_unclear(value, 'the number of a version')}")


def _schemas(found: Project, value: object, name: str, place: Place) -> None:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        found.doubts["schemas"].append(f"{place}: {name} {_unclear(value, 'a list of schemas')}")
        return
    found.schemas += [Stated(name, each, place) for each in dict.fromkeys(value)]


def _unclear(value: object, wanted: str) -> str:
    variable = _ENVIRONMENT.fullmatch(value) if isinstance(value, str) else None
    return f"is set by the variable {variable[1]}" if variable else f"is not {wanted}"


def _extensions(folder: Folder, doubts: list[str]) -> list[Stated]:
    """Return the extensions that migrations create and do not drop again."""
    found: dict[str, Stated] = {}
    for name in sorted(name for name in folder.sources if _MIGRATION.fullmatch(name)):
        try:
            text = folder.text(name)
            for each in statements(text):
                place = Place(name, text.count("\n", 0, each.start) + 1)
                if each.words[:2] == ("create", "extension"):
                    found |= {extension: Stated("extension", extension, place) for extension in _named(each)[:1]}
                elif each.words[:2] == ("drop", "extension"):
                    found = {known: said for known, said in found.items() if known not in _named(each)}
        except OSError as error:
            doubts.append(f"{safe(name)} cannot be read: {error.strerror or 'it is too large'}")
        except Unreadable as error:
            doubts.append(f"{safe(name)} cannot be read: {error}")
    doubts += [f"{safe(name)} is a link, which is not followed" for name in folder.links if _MIGRATION.fullmatch(name)]
    return [*found.values()]


def _named(statement: Statement) -> list[str]:
    words = [token for token in tokens(statement.text) if token.kind in (WORD, NAME)][2:]
    return [token.name for token in words if not (token.kind is WORD and token.name in _FILLING)]


# --- Against a database


@dataclass(frozen=True)
class Misfit:
    """What does not fit: who it is about, why, and what to do, without anything that a name could break out of."""

    object: str
    what: str
    todo: str
    place: Place


def misfits_of_version(project: Project, server: int, installed: Sequence[str]) -> list[Misfit]:
    """Return what is not as the project says: the server's version, and extensions that are missing."""
    found = []
    for file in dict.fromkeys(each.place.file for each in project.versions):
        mine = [each for each in project.versions if each.place.file == file]
        # Whether the database is that of a branch, nobody knows: one that fits is enough.
        if all(each.value != str(server) for each in mine):
            first = mine[0]
            todo = f"set major_version = {server}, so that what is developed and tested is what people use"
            what = f"it says PostgreSQL {first.value}, and the server is {server}"
            found.append(Misfit(f"{file} {first.name}", what, todo, first.place))
    for each in project.extensions:
        if each.value not in installed:
            todo = f"create extension {quoted(each.value)}, or take it out of the migrations"
            what = "the migrations create it, and this database does not have it"
            found.append(Misfit(f"extension {each.value}", what, todo, each.place))
    return found


def misfits_of_schemas(project: Project, judged: Sequence[str], there: Sequence[str]) -> list[Misfit]:
    """Return the schemas about which the project does not agree with the audit or with the database.

    ``judged`` are those that the audit takes for served, ``there`` those that exist. What the platform brings is left
    out. Whether the database is that of a branch, nobody knows: one list that fits is enough for its file.
    """
    found: list[Misfit] = []
    for file in dict.fromkeys(each.place.file for each in project.schemas):
        lists: dict[str, list[Stated]] = {}
        for each in project.schemas:
            if each.place.file == file:
                lists.setdefault(each.name, []).append(each)
        tried = [_misfits(said, judged, there) for said in lists.values()]
        found += tried[0] if all(tried) else []
    return [*{each.object: each for each in found}.values()]


def _misfits(said: Sequence[Stated], judged: Sequence[str], there: Sequence[str]) -> list[Misfit]:
    found = []
    for each in said:
        if each.value in PLATFORM_SCHEMAS:
            continue
        if each.value not in there:
            what = "the API is to serve it, and it does not exist: the API does not start then"
            found.append(Misfit(f"schema {each.value}", what, "create it, or take it out of api.schemas", each.place))
        elif each.value not in judged:
            what = "the API is to serve it, and this audit does not judge it as served"
            todo = "name it in exposed_schemas of audit.toml, or take it out of api.schemas"
            found.append(Misfit(f"schema {each.value}", what, todo, each.place))
    named = {each.value for each in said}
    for name in judged:
        if name not in named and name in there and name not in PLATFORM_SCHEMAS:
            what = "this audit, or the API of this database, takes it for served, and the project does not"
            todo = "say the same in api.schemas and in exposed_schemas of audit.toml, or in what the API is set to"
            found.append(Misfit(f"schema {name}", what, todo, said[0].place))
    return found

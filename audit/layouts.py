"""How a project keeps its migrations: whose layout a directory has, and what that tool applies, in which order."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from audit.connection import TargetError
from audit.evidence import safe

# What undoes a migration lies beside it under this name. To the Supabase CLI it is a migration like any other.
DOWN = ".down.sql"

# Why such a file is passed over, where it is.
UNDOES = "it undoes a migration"

# Names of files that only count together with their folder's.
_INNER = ("migration.sql", "up.sql")
_PLACES = (
    "supabase/migrations",
    "supabase/schemas",
    "prisma/migrations",
    "drizzle",
    "db/migrations",
    "migrations",
    "sql",
)

# https://supabase.com/docs/reference/cli/supabase-migration-new: what has no number and no "_" is passed over.
# Lovable, which applies its files itself, writes "-" and an id: 20250712001859-aceb9865-e009-4a9a-b81c-43d8e7a82421.sql
_SUPABASE = re.compile(r"([0-9]+)(?:_.*|(?<=[0-9]{14})-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.sql")
# The first file of a project, made by the CLI before this version of it, is passed over, too.
_INIT = re.compile(r"([0-9]{14})_init\.sql")
_INIT_ENDED = 20211209000000
# https://documentation.red-gate.com/flyway/flyway-concepts/migrations/migration-naming
_FLYWAY = re.compile(r"([VBU])([0-9]+(?:[._][0-9]+)*)__.*\.sql|(R)__.*\.sql")
# https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md
_UP = re.compile(r"([0-9]+)_.*\.up\.sql")
_NUMBERED = re.compile(r"([0-9]+).*\.sql")
# https://github.com/amacneil/dbmate#creating-migrations, https://pressly.github.io/goose/documentation/annotations/
_SECTIONS = (
    ("dbmate", re.compile(r"^--\s*migrate:up\b", re.MULTILINE), re.compile(r"^--\s*migrate:down\b", re.MULTILINE)),
    ("goose", re.compile(r"^--\s*\+goose\s+up\b", re.M | re.I), re.compile(r"^--\s*\+goose\s+down\b", re.M | re.I)),
)
_LOOKED_AT = 4096  # as much of a file tells whether it has sections


@dataclass(frozen=True)
class Layout:
    """What a directory holds: ``tool`` is whose layout it is, ``files`` what that tool applies, in its order.

    ``skipped`` says of the other files why they are not applied. ``twice`` names files of a version that another one
    has already, of which the tool applies only that one.
    """

    tool: str
    files: tuple[Path, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    twice: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        number = f"{len(self.files):,} file{'' if len(self.files) == 1 else 's'}"
        skipped = f", {len(self.skipped):,} skipped" if self.skipped else ""
        return f"{number}, {self.tool}{skipped}"


def title(path: Path) -> str:
    """Return the name by which a file is told, made safe: with its folder's, where all files have the same name."""
    return safe(f"{path.parent.name}/{path.name}" if path.name in _INNER else path.name)


# Tools that keep a list of their migrations: what it says goes before what names say.
LISTED = frozenset({"sqitch", "Drizzle"})
# Tools to which 2 comes before 10. To all others names are text, and "2025_b" comes after "20240101_a".
BY_NUMBER = frozenset({"Flyway", "golang-migrate", "goose"})


def numbered(path: Path) -> tuple[int, ...] | None:
    """Return the version that a file has by its name, or its folder's, or None: Flyway's may have several parts."""
    name = path.parent.name if path.name in _INNER else path.name
    if found := _FLYWAY.fullmatch(name):
        return _numbers(found[2]) if found[2] else None
    number = re.match(r"[0-9]+", name)
    return (int(number[0]),) if number else None


def repeated(path: Path) -> bool:
    """Tell whether a file is applied again whenever it was changed: Flyway's repeatable migrations.

    https://documentation.red-gate.com/flyway/flyway-concepts/migrations/repeatable-migrations
    """
    found = _FLYWAY.fullmatch(path.name)
    return bool(found and found[3])


def name_of(path: Path) -> str:
    """Return the name that a person would say a migration by: its folder's, where all files have the same name."""
    return path.parent.name if path.name in _INNER else path.name


def root_of(place: Path) -> Path:
    """Return the folder that holds all of a directory of migrations: of sqitch's, the one that its plan is in."""
    is_sqitchs = place.name == "deploy" and not (place / "sqitch.plan").is_file()
    return place.parent if is_sqitchs and (place.parent / "sqitch.plan").is_file() else place


def recognised(place: Path) -> Layout:
    """Tell what a directory of migrations (or a single file) holds.

    Raises TargetError when there is no such place, when there is nothing to apply in it, when something in it leads out
    of the project, and when a file is a pipe or a device, which reading might never end.
    """
    if place.is_file():
        return Layout("a single file", (place,))
    if not place.is_dir():
        raise TargetError(f"there is no directory of migrations {safe(str(place))}")
    _keep_in(place)
    for known in _LAYOUTS:
        if layout := known(place):
            break
    else:
        inner = next((place / each for each in _PLACES if _holds_migrations(place / each)), None)
        hint = f"; did you mean {safe(str(inner))}?" if inner else ""
        raise TargetError(f"there is no .sql file in {safe(str(place))}{hint}")
    for path in layout.files:
        if path.exists() and not path.is_file():
            raise TargetError(f"{safe(str(path))} is not a regular file: put the migration itself there")
        if not within(path, place):
            raise TargetError(f"{safe(str(path))} leads out of the project: put the file itself there")
    strays = dict.fromkeys(_strays(place, layout), "its name does not end in .sql, or it is a folder")
    return replace(layout, skipped={**strays, **layout.skipped}) if strays else layout


def is_meant(name: str) -> bool:
    """Tell whether a file is meant to be SQL by its name, which only some systems would take for that."""
    return name.strip().lower().endswith(".sql")


def _strays(place: Path, layout: Layout) -> Iterator[str]:
    """Yield what looks like a file of SQL beside the others, and is none to the tools."""
    for path in sorted(place.iterdir()):
        if path.is_dir():
            inner = path.name.endswith(".sql") and any(each.suffix == ".sql" for each in path.iterdir())
            if inner and not any(path in each.parents for each in layout.files):
                yield safe(path.name)
        elif is_meant(path.name) and not path.name.endswith(".sql"):
            yield safe(path.name)


def _keep_in(place: Path) -> None:
    """Raise TargetError where a link leads out of the project: what fails to apply is quoted."""
    for folder, folders, names in os.walk(place):
        # What tools keep beside a project's files is no layout's: environments lead to the machine's programs.
        folders[:] = [name for name in folders if not name.startswith(".") and name != "node_modules"]
        read = [name for name in names if name.endswith((".sql", ".json", ".plan"))]
        for path in (Path(folder, name) for name in (*folders, *read)):
            if path.is_symlink() and not within(path, place):
                raise TargetError(f"{safe(str(path))} leads out of the project: put the file itself there")


def is_looked_at(path: Path, root: Path) -> bool:
    """Tell whether a file or folder below a directory of migrations has a say in what is applied."""
    inner = path.relative_to(root).parts
    return not any(part.startswith(".") or part == "node_modules" for part in inner)


def within(path: Path, place: Path) -> bool:
    """Tell whether a path ends in the project that a directory of migrations is of, and not in what git keeps of it.

    The project is what the nearest repository holds; without one, the folder that the directory is in.
    """
    real, here = Path(os.path.realpath(path)), place.resolve()  # resolve() fails where links lead in a circle
    root = next((each for each in (here, *here.parents) if (each / ".git").exists()), here.parent)
    return real.is_relative_to(root) and ".git" not in real.relative_to(root).parts


def of_these(place: Path, files: Sequence[Path]) -> Layout:
    """Return the layout of a directory as it would be if there were only some files in it, wherever those lie."""
    try:
        whole = recognised(place)
    except TargetError:  # there are none left, or one that is none
        return Layout("released files", tuple(files))
    there = {title(path) for path in files}
    twice = {name: other for name, other in whole.twice.items() if {name, other} <= there}
    return Layout(whole.tool, tuple(files), {}, twice)


def _holds_migrations(place: Path) -> bool:
    return place.is_dir() and next(place.rglob("*.sql"), None) is not None


def is_supabase(place: Path) -> bool:
    """Tell whether a directory is where the Supabase CLI looks: beside its config.toml, or in a folder of its name."""
    place = place.resolve()
    return place.name == "migrations" and (place.parent.name == "supabase" or (place.parent / "config.toml").is_file())


def _sql_files(place: Path) -> list[Path]:
    return sorted((path for path in place.glob("*.sql") if not path.is_dir()), key=lambda path: path.name)


# --- Layouts, each None where a directory is not of that kind


def _supabase(place: Path) -> Layout | None:
    if not is_supabase(place):
        return None
    files = _sql_files(place)
    return _as_supabase(files) if any(_SUPABASE.fullmatch(path.name) for path in files) else None


def _declared(place: Path) -> Layout | None:
    """Recognise supabase/schemas, which says what is to be there; the CLI makes migrations of what differs.

    Its files go as schema_paths in config.toml has them, else by name, with those of folders within.
    https://supabase.com/docs/guides/local-development/declarative-database-schemas
    """
    folder = place.resolve().parent
    if place.resolve().name != "schemas" or not (folder.name == "supabase" or (folder / "config.toml").is_file()):
        return None
    there = sorted((path for path in place.resolve().rglob("*.sql") if path.is_file()), key=lambda path: path.parts)
    try:
        config = tomllib.loads(beginning(folder / "config.toml")) if (folder / "config.toml").is_file() else {}
    except tomllib.TOMLDecodeError:
        config = {}  # said where the rest of it is read
    patterns = _list(_table(_table(config, "db"), "migrations").get("schema_paths"))
    named = list(dict.fromkeys(path for pattern in patterns for path in _matching(folder, pattern)))
    files = named or there
    skipped = {safe(path.name): "schema_paths in config.toml does not name it" for path in there if path not in files}
    return Layout("Supabase CLI, declared", tuple(files), skipped) if files else None


def _numbered(place: Path) -> Layout | None:
    """Take files that are named as the Supabase CLI wants them for its own; what undoes one lies beside it, perhaps."""
    files = _sql_files(place)
    if not any(_SUPABASE.fullmatch(path.name) for path in files):
        return None
    names = {path.name for path in files}
    undoing = {each for each in names if each.endswith(DOWN) and each.removesuffix(DOWN) + ".sql" in names}
    layout = _as_supabase([path for path in files if path.name not in undoing])
    why = f"{UNDOES}: the file beside it; in supabase/migrations the Supabase CLI would apply it"
    return Layout(layout.tool, layout.files, {**layout.skipped, **dict.fromkeys(map(safe, undoing), why)}, layout.twice)


def _as_supabase(files: Sequence[Path]) -> Layout:
    skipped: dict[str, str] = {}
    kept: list[Path] = []
    for number, path in enumerate(files):
        old = _INIT.fullmatch(path.name)
        # One that is all there is was applied by other means: without it there is nothing to look at.
        if number == 0 and old and int(old[1]) < _INIT_ENDED and len(files) > 1:
            skipped[safe(path.name)] = 'the Supabase CLI passes over a first file of that age named "init"'
        elif not _SUPABASE.fullmatch(path.name):
            skipped[safe(path.name)] = "its name is not <timestamp>_name.sql"
        else:
            kept.append(path)
    return Layout("Supabase CLI", tuple(kept), skipped, _twice(kept, lambda path: path.name.partition("_")[0]))


def _twice(files: Iterable[Path], version: Callable[[Path], object]) -> dict[str, str]:
    first: dict[object, str] = {}
    return {
        title(path): other for path in files if (other := first.setdefault(version(path), title(path))) != title(path)
    }


def _sqitch(place: Path) -> Layout | None:
    place = root_of(place)
    if not (place / "sqitch.plan").is_file():
        return None
    top = place
    conf = beginning(place / "sqitch.conf") if (place / "sqitch.conf").is_file() else ""
    if (found := re.search(r"^[ \t]*+top_dir\s*+=\s*+(\S+)", conf, re.MULTILINE)) and not (place / "deploy").is_dir():
        top = place / found[1]
    folder = top / "deploy"
    files: list[Path] = []
    skipped: dict[str, str] = {}
    for name in _planned(beginning(place / "sqitch.plan")):
        path = folder / f"{name}.sql"
        if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            skipped[safe(f"{name}.sql")] = "sqitch.plan names it, and it is not there"
        else:
            files.append(path)
    return Layout("sqitch", tuple(files), skipped) if files else None


def _planned(plan: str) -> list[str]:
    """Return the names of the changes in their order; one that was reworked later is kept under the name of its tag.

    https://sqitch.org/docs/manual/sqitch-rework/
    """
    changes: list[str] = []
    waiting: dict[str, int] = {}
    reworked: dict[int, str] = {}
    tags: list[tuple[int, str]] = []
    for line in plan.splitlines():
        word = line.strip().partition(" ")[0]
        if not word or word[0] in "%#-":
            continue
        if word[0] == "@":
            tags.append((len(changes), word))
            continue
        if word in waiting:
            tag = next((tag for since, tag in tags if since > waiting[word]), "")
            reworked[waiting[word]] = f"{word}{tag}"
        waiting[word] = len(changes)
        changes.append(word)
    return [reworked.get(number, name) for number, name in enumerate(changes)]


def _folders(place: Path) -> Layout | None:
    """Recognise a folder for each migration: Prisma's, Drizzle's newer one, Hasura's."""
    folders = sorted((path for path in place.iterdir() if path.is_dir()), key=lambda path: path.name)
    for inner in _INNER:
        files = [folder / inner for folder in folders if (folder / inner).is_file()]
        if not files:
            continue
        tool = "Hasura" if inner == "up.sql" else "Prisma"
        if any((path.parent / "snapshot.json").is_file() for path in files):
            tool = "Drizzle"
        skipped = {safe(path.name): f"{tool} applies what is in folders" for path in _sql_files(place)}
        return Layout(tool, tuple(files), skipped)
    return None


def _drizzle(place: Path) -> Layout | None:
    journal = place / "meta" / "_journal.json"
    if not journal.is_file():
        return None
    try:
        entries = json.loads(beginning(journal))["entries"]
        tags = [str(entry["tag"]) for entry in sorted(entries, key=lambda entry: int(entry["idx"]))]
    except (ValueError, KeyError, TypeError) as error:
        raise TargetError(f"{safe(str(journal))} cannot be read: it is not the journal that Drizzle writes") from error
    there = {path.stem: path for path in _sql_files(place)}
    gone = "meta/_journal.json names it, and it is not there"
    skipped = {safe(f"{tag}.sql"): gone for tag in tags if tag not in there}
    skipped |= {safe(f"{name}.sql"): "meta/_journal.json does not name it" for name in there if name not in tags}
    files = tuple(there[tag] for tag in tags if tag in there)
    return Layout("Drizzle", files, skipped) if files else None


def _flyway(place: Path) -> Layout | None:
    found = [(path, match) for path in sorted(place.rglob("*.sql")) if (match := _FLYWAY.fullmatch(path.name))]
    versioned = [(_numbers(match[2]), path) for path, match in found if match[1] == "V"]
    if not versioned:
        return None
    skipped = {safe(path.name): "its name is not one of Flyway's" for path in _sql_files(place)}
    for path, match in found:
        skipped.pop(safe(path.name), None)
        if match[1] == "U":
            skipped[safe(path.name)] = UNDOES
    # A baseline stands for all versions up to its own.
    baselines = sorted((_numbers(match[2]), path) for path, match in found if match[1] == "B")
    last, start = baselines[-1] if baselines else ((), None)
    for number, path in (*versioned, *baselines[:-1]):
        if start is not None and number <= last:
            skipped[safe(path.name)] = f"{safe(start.name)} stands for it"
    kept = [path for number, path in sorted(versioned) if start is None or number > last]
    repeatable = sorted((path for path, match in found if match[3]), key=lambda path: path.name)
    files = (*([start] if start else []), *kept, *repeatable)
    return Layout("Flyway", files, skipped, _twice(kept, lambda path: _numbers(path.name[1:].partition("__")[0])))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.split(r"[._]", text)))


def _golang(place: Path) -> Layout | None:
    files = _sql_files(place)
    up = [path for path in files if _UP.fullmatch(path.name)]
    if not up:
        return None
    skipped = {
        safe(path.name): UNDOES if path.name.endswith(DOWN) else "its name is not <number>_name.up.sql"
        for path in files
        if path not in up
    }
    return Layout("golang-migrate", tuple(sorted(up, key=_number)), skipped, _twice(up, _number))


def _number(path: Path) -> int:
    found = _NUMBERED.fullmatch(path.name)
    return int(found[1]) if found else 0


def _sectioned(place: Path) -> Layout | None:
    """Recognise files that hold the way back as well: dbmate's and goose's."""
    files = _sql_files(place)
    numbered = [path for path in files if _NUMBERED.fullmatch(path.name)]
    for tool, up, _ in _SECTIONS:
        if numbered and any(path.is_file() and up.search(beginning(path, _LOOKED_AT)) for path in numbered):
            ordered = sorted(numbered, key=_number) if tool == "goose" else numbered
            skipped = {safe(path.name): "its name has no version" for path in files if path not in numbered}
            return Layout(tool, tuple(ordered), skipped, _twice(ordered, _number))
    return None


def _plain(place: Path) -> Layout | None:
    files = [path for path in _sql_files(place) if not path.name.endswith(DOWN)]
    return Layout("plain SQL files", tuple(files)) if files else None


_LAYOUTS = (_supabase, _declared, _sqitch, _drizzle, _folders, _flyway, _golang, _sectioned, _numbered, _plain)


def beginning(path: Path, most: int = -1) -> str:
    """Return the text of a file, or so many bytes of it. Raises TargetError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(most).decode(errors="replace")
    except OSError as error:
        raise TargetError(f"{safe(str(path))} cannot be read: {error.strerror}") from error


def to_apply(text: str) -> str:
    """Return a file's text with blanks for what is not applied: the way back, in dbmate's and goose's files."""
    for _, up, down in _SECTIONS:
        if begun := up.search(text):
            ended = down.search(text, begun.end())
            end = ended.start() if ended else len(text)
            return _blank(text[: begun.start()]) + text[begun.start() : end] + _blank(text[end:])
    return text


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


# --- The project around it


@dataclass(frozen=True)
class SupabaseConfig:
    """What supabase/config.toml says: the server's major version, the schemas that the API serves, and seed files.

    ``buckets`` are those that the CLI makes, by name. ``ways`` are those of signing up that are
    not on in every project: "phone", "anonymous".

    https://supabase.com/docs/guides/local-development/cli/config
    """

    major_version: int | None = None
    schemas: tuple[str, ...] = ()
    seeds: tuple[Path, ...] = ()
    ways: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    note: str = ""


def config_beside(place: Path) -> SupabaseConfig:
    """Read the config.toml beside a directory of migrations; without one, nothing is known."""
    folder = place.resolve().parent
    path = folder / "config.toml"
    if not path.is_file() or not (is_supabase(place) or folder.name == "supabase"):
        return SupabaseConfig()
    if not within(path, place):
        return SupabaseConfig(note="supabase/config.toml leads out of the project and was not used")
    try:
        config = tomllib.loads(beginning(path))
    except tomllib.TOMLDecodeError as error:
        return SupabaseConfig(note=f"supabase/config.toml is not valid TOML and was not used: {safe(str(error))}")
    database, api = _table(config, "db"), _table(config, "api")
    seed = _table(database, "seed")
    version = database.get("major_version")
    schemas = api.get("schemas") if api.get("enabled", True) is not False else ()
    paths = seed.get("sql_paths", ["./seed.sql"]) if seed.get("enabled", True) is not False else ()
    return SupabaseConfig(
        version if isinstance(version, int) else None,
        tuple(name for name in _list(schemas) if name),
        tuple(each for pattern in _list(paths) for each in _matching(folder, pattern)),
        tuple(_ways(_table(config, "auth"))),
        tuple(_table(_table(config, "storage"), "buckets")),
    )


def _ways(auth: Mapping[str, object]) -> Iterator[str]:
    """Yield the ways of signing up that are switched on; that by phone needs a service that sends texts.

    "none" says that nobody signs up by themselves, by whichever way: people are invited.
    """
    if auth.get("enable_signup") is False:
        yield "none"
        return
    sms = _table(auth, "sms")
    providers = [_table(sms, name) for name in sms]
    if sms.get("enable_signup") is True and any(each.get("enabled") is True for each in providers):
        yield "phone"
    if auth.get("enable_anonymous_sign_ins") is True:
        yield "anonymous"


def _table(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = parent.get(name)
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _matching(folder: Path, pattern: str) -> list[Path]:
    """Return the files that a path of the configuration means; nothing outside of the project."""
    parts = [part for part in Path(pattern).parts if part != "."]
    if not parts or ".." in parts or Path(pattern).is_absolute():
        return []
    return sorted(path for path in folder.glob("/".join(parts)) if path.is_file())

"""schema/access.toml: who may reach what, as declared.

The form is checked when the file is read. Whether tables, columns and predicates fit the database is only known there:
see :mod:`audit.access.matrix`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import AfterValidator, ConfigDict, WithJsonSchema

from audit.access.results import API_ACTORS, COMMANDS
from audit.people import CAST
from audit.sql_text import quoted
from audit.toml_file import EXACTLY, Flag, TomlFile, form_of, read, suggestion

ALL = "all"
# Whose rows they are: by the set ``own``, or by a column that holds ids of users.
OWNERS = "owners"
OWNERS_OF = "owners of "

# Who stands for everybody of a role: whoever is signed in has an id; without one, a caller is nobody in particular.
WHOLE = {
    role: tuple(name for name in API_ACTORS if CAST[name].role == role and (CAST[name].id or role == "anon"))
    for role in ("anon", "authenticated")
}

REACHING = {
    **{name: (name,) for name in API_ACTORS},
    "members": ("alice", "bob", "stranger"),
    "users": tuple(name for name in API_ACTORS if CAST[name].id),
    # Approved or not, guest or not.
    "signed_in": tuple(name for name in API_ACTORS if CAST[name].id),
    "guests": tuple(name for name in API_ACTORS if CAST[name].is_anonymous),
    "everybody": API_ACTORS,
}


def _actor(name: str) -> str:
    if name not in REACHING:
        raise ValueError(f"unknown actor {name!r}; {suggestion(name, REACHING, 'there are')}")
    return name


def _rows(name: str) -> str:
    if name == ALL:
        raise ValueError(f"{ALL!r} are all rows, and cannot be declared")
    return name


def _group(name: str) -> str:
    if name in REACHING or name == OWNERS or name.startswith(OWNERS_OF):
        raise ValueError(f"{name!r} is a group that there is already")
    return name


# What a declared change of one's own reach is: a row that is inserted, a column that is changed, or any.
DEED = re.compile(r"insert|update(?: .+)?", re.DOTALL)


def _deed(words: str) -> str:
    if not DEED.fullmatch(words):
        raise ValueError(f"{words!r} is no change of a table: there are 'insert', 'update' and 'update COLUMN'")
    return words


def _cell(words: str) -> str:
    command, by, _ = words.partition(" by ")
    if command not in COMMANDS or not by:
        raise ValueError(f"{words!r} does not say what and who: write it like 'select by anon'")
    return words


def _claims(given: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(given)
    except TypeError:
        raise ValueError("claims must be texts, numbers, lists and the like") from None
    return given


Who = Annotated[str, AfterValidator(_actor), WithJsonSchema({"enum": sorted(REACHING)})]
Names = Mapping[Who, tuple[str, ...]]
# Who may also be a group of the file's own, or the owners of rows, which are known when the whole file is.
Reaching = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class TableEntry:
    """What a table's entry in access.toml may say."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    public: Flag = False
    server_only: Flag = False
    private: Flag = False
    review: Flag = False
    rows: Mapping[Annotated[str, AfterValidator(_rows)], str] = field(default_factory=dict)
    reach: Mapping[Literal["select", "insert", "update", "delete"], Reaching] = field(default_factory=dict)
    hidden: Names = field(default_factory=dict)
    fixed: Names = field(default_factory=dict)
    moves: Names = field(default_factory=dict)
    columns: Mapping[Literal["select", "insert", "update"], Names] = field(default_factory=dict)
    widens: Mapping[Annotated[str, AfterValidator(_deed)], tuple[Who, ...]] = field(default_factory=dict)
    because: Mapping[Annotated[str, AfterValidator(_cell)], str] = field(default_factory=dict)


@dataclass(frozen=True)
class FunctionEntry:
    """What a function's entry may say."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    public: Flag = False
    review: Flag = False
    callers: tuple[Who, ...] = ()
    widens: tuple[Who, ...] = ()
    because: str | None = None

    @property
    def meant(self) -> bool:
        """Whether somebody has looked at it: what a draft asks about is no declaration until it has an answer."""
        return not self.review and self.because != ""


@dataclass(frozen=True)
class BucketEntry:
    """What a bucket's entry may say; ``rows`` are sets of its files, as predicates over storage.objects."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    public: Flag = False
    review: Flag = False
    rows: Mapping[Annotated[str, AfterValidator(_rows)], str] = field(default_factory=dict)
    reach: Mapping[Literal["select", "insert", "update", "delete"], Names] = field(default_factory=dict)


@dataclass(frozen=True)
class ChannelEntry:
    """What the entry of a channel may say; ``rows`` are sets of its messages, as predicates over realtime.messages.

    The entry's name is a pattern of topics as for LIKE: ``room:%``.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    rows: Mapping[Annotated[str, AfterValidator(_rows)], str] = field(default_factory=dict)
    reach: Mapping[Literal["select", "insert"], Names] = field(default_factory=dict)
    review: Flag = False


@dataclass(frozen=True)
class AccessFile:
    """The form of access.toml: entries by the names that ``regclass`` and ``regprocedure`` print.

    ``groups`` are people by their relation to a row, as predicates over any table that has the columns.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    tables: Mapping[str, TableEntry] = field(default_factory=dict)
    functions: Mapping[str, FunctionEntry] = field(default_factory=dict)
    buckets: Mapping[str, BucketEntry] = field(default_factory=dict)
    channels: Mapping[str, ChannelEntry] = field(default_factory=dict)
    groups: Mapping[Annotated[str, AfterValidator(_group)], str] = field(default_factory=dict)
    claims: Mapping[Who, Annotated[dict[str, Any], AfterValidator(_claims)]] = field(default_factory=dict)


@dataclass(frozen=True)
class Declaration:
    """What is declared of one table.

    ``rows`` are named sets of rows, as SQL predicates over the table's columns in which ``:me`` is the caller's id.
    ``reach`` says for each command and actor which sets they may reach; ``hidden`` and ``fixed`` which columns an actor
    may not read, or not change, and ``moves`` by which they may give rows away; ``columns`` for a command and actor the
    very columns that they name in it, no more and no fewer. ``widens`` says who may widen somebody's reach by a change
    of this table, as a consequence that is meant. ``unsaid`` are commands with actors that look like a hole and of
    which nobody has said why: they count as not declared. ``review``: written by a machine, and read by nobody yet.
    ``lines`` are where a key stands in the file, and "" where the table does.
    """

    rows: Mapping[str, str] = field(default_factory=dict)
    reach: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fixed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    widens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsaid: frozenset[tuple[str, str]] = frozenset()
    review: bool = False
    lines: Mapping[str, int] = field(default_factory=dict)
    place: str = "access.toml"

    def opens(self, command: str, role: str) -> bool:
        """Tell whether all rows are declared for everybody of a role."""
        given = self.reach.get(command, {})
        open_to = {
            actor
            for who, names in given.items()
            if ALL in names
            for actor in REACHING[who]
            if (command, actor) not in self.unsaid
        }
        return open_to.issuperset(WHOLE[role])

    def at(self, key: str = "") -> str:
        """Say where in the file something is declared."""
        words = key
        while words and words not in self.lines:
            words = words.rpartition(".")[0]
        line = self.lines.get(words)
        return f"{self.place}, line {line}" if line else self.place


@dataclass(frozen=True)
class Access:
    """The declarations: relations and functions by qualified name, as ``regclass`` and ``regprocedure`` print them.

    public_tables may be read by everybody; server_only_tables are for the service role alone; private_tables must not
    be published; public_functions may be called without an identity; what is declared of ``unexplained`` ones excuses
    nothing that they tell or do; public_buckets serve files to everybody.
    ``declared`` says of tables who reaches which of their rows, ``callers`` of functions for which actors they are, and
    ``claims`` what the server wrote into each token. ``widens`` says, by table or function and what is done ("" for a
    call), which actors may widen somebody's reach by it.
    """

    public_tables: tuple[str, ...] = ()
    server_only_tables: tuple[str, ...] = ()
    private_tables: tuple[str, ...] = ()
    public_functions: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    public_buckets: tuple[str, ...] = ()
    declared: Mapping[str, Declaration] = field(default_factory=dict)
    callers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    claims: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    widens: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    # Of every entry, by its kind ("tables") and name, where it stands.
    places: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False, compare=False)

    def parameters(self) -> dict[str, Any]:
        """Return the declarations as parameters for questions, and what those who act need as it is."""
        acted = ("declared", "callers", "claims", "widens", "places")
        plain = {key: list(value) for key, value in vars(self).items() if key not in acted}
        # What a machine wrote and nobody has reviewed says no more than what it was written from.
        named = [name for name, declaration in self.declared.items() if not declaration.review]
        whole = {key: getattr(self, key) for key in acted}
        declared = {"declared_tables": named, "opened": self.opened(), "called": self.called()}
        return {**plain, **whole, **declared}

    def called(self) -> list[str]:
        """Return the functions that are declared for a whole role, each as role and function with a space between."""
        return [
            f"{role} {name.replace(' ', '')}"
            for name, callers in self.callers.items()
            for role, whole in WHOLE.items()
            if {*whole} <= {*callers} and name not in self.unexplained
        ]

    def opened(self) -> list[str]:
        """Return what is declared to be open to a whole role, each as command, role and table with spaces between."""
        found: list[str] = []
        for name, declaration in self.declared.items():
            if not declaration.review:
                found += [
                    f"{command} {role} {name}"
                    for command in COMMANDS
                    for role in WHOLE
                    if declaration.opens(command, role)
                ]
        return found


def load(path: Path) -> Access:
    """Read access.toml; a missing file declares nothing.

    Raises FileError (a ValueError), with one sentence that names the file, the line and the key, when it is of no use.
    """
    if not path.exists():
        return Access()
    file = read(path)
    found = form_of(AccessFile, file)
    kinds = {"tables": found.tables, "functions": found.functions, "buckets": found.buckets}
    return Access(
        public_tables=tuple(name for name, entry in found.tables.items() if entry.public and not entry.review),
        server_only_tables=tuple(
            name for name, entry in found.tables.items() if entry.server_only and not entry.review
        ),
        private_tables=tuple(name for name, entry in found.tables.items() if entry.private),
        public_functions=tuple(name for name, entry in found.functions.items() if entry.public and entry.meant),
        unexplained=tuple(name for name, entry in found.functions.items() if not entry.meant),
        public_buckets=tuple(name for name, entry in found.buckets.items() if entry.public and not entry.review),
        declared=_declared(found, file),
        widens={
            **{(name, deed): _each(who) for name, entry in found.tables.items() for deed, who in entry.widens.items()},
            **{(name, ""): _each(entry.widens) for name, entry in found.functions.items() if entry.widens},
        },
        callers={
            name: _each(entry.callers) for name, entry in found.functions.items() if entry.callers and not entry.review
        },
        claims=_of_each(found.claims),
        places={
            (kind, name): replace(file, name=path.name).at(kind, name)
            for kind, entries in kinds.items()
            for name in entries
        },
    )


def _each(groups: tuple[str, ...]) -> tuple[str, ...]:
    """Return the actors in some groups."""
    return tuple(dict.fromkeys(actor for who in groups for actor in REACHING[who]))


def _of_each(claims: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what is in the app_metadata of each actor's token, groups resolved."""
    found: dict[str, dict[str, Any]] = {}
    for who, given in claims.items():
        for name in REACHING[who]:
            found[name] = {**found.get(name, {}), **given}
    return found


def declarations(tables: Mapping[str, Any], place: str = "access.toml") -> dict[str, Declaration]:
    """Return the declarations of tables of which more is said than that they are private.

    Raises FileError with one sentence when an actor, a command or a set of rows is unknown.
    """
    file = TomlFile(place, {"tables": tables})
    return _declared(form_of(AccessFile, file), file)


def _declared(found: AccessFile, file: TomlFile) -> dict[str, Declaration]:
    declared: dict[str, Declaration] = {}
    for name, entry in found.tables.items():
        if set(file.content["tables"][name]) - {"private", "widens"}:
            declared[name] = _declaration(entry, found.groups, file, ("tables", name))
    for kind, table, condition, entries in (
        ("buckets", "storage.objects", "bucket_id = {}", found.buckets),
        ("channels", "realtime.messages", "topic like {}", found.channels),
    ):
        for name, part in entries.items():
            if part.rows or part.reach:
                whole = TableEntry(rows=part.rows, reach=cast("Any", part.reach), review=part.review)
                read_as = _declaration(whole, found.groups, file, (kind, name))
                literal = "'" + name.replace("'", "''") + "'"
                declared[table] = _with_part(
                    declared.get(table, Declaration(place=Path(file.name).name)),
                    name,
                    condition.format(literal),
                    read_as,
                )
    return declared


def _with_part(known: Declaration, name: str, condition: str, part: Declaration) -> Declaration:
    """Add to a table's declaration what is declared of a part of its rows, such as the files of one bucket."""
    rows = {f"{name}: {each}": f"{condition} and ({text}\n)" for each, text in part.rows.items()}
    if any(ALL in sets for given in part.reach.values() for sets in given.values()):
        rows[f"{name}: {ALL}"] = condition
    reach = {command: dict(given) for command, given in known.reach.items()}
    for command, given in part.reach.items():
        for who, sets in given.items():
            theirs = reach.setdefault(command, {})
            theirs[who] = (*theirs.get(who, ()), *(f"{name}: {each}" for each in sets))
    return replace(
        known,
        rows={**known.rows, **rows},
        reach=reach,
        review=known.review or part.review,
        lines={**known.lines, **{f"rows.{name}: {each}": part.lines.get(f"rows.{each}", 0) for each in part.rows}},
    )


def _declaration(entry: TableEntry, groups: Mapping[str, str], file: TomlFile, way: tuple[str, str]) -> Declaration:
    rows, reach = dict(entry.rows), dict[str, dict[str, tuple[str, ...]]]()
    for command, given in entry.reach.items():
        for who, sets in given.items():
            place = (*way, "reach", command, who)
            for each in sets:
                if each != ALL and each not in entry.rows:
                    raise file.wrong(
                        place, f"reach.{command}.{who}: there are no rows called {each!r}; declare rows.{each}"
                    )
            theirs = _of_group(who, entry.rows, groups)
            if theirs is None:
                known = [*REACHING, *groups, OWNERS, f"{OWNERS_OF}COLUMN"]
                raise file.wrong(place, f"unknown actor {who!r}; {suggestion(who, known, 'there are')}")
            there = reach.setdefault(command, {})
            if not theirs:
                there[who] = (*there.get(who, ()), *sets)
                continue
            for each in sets:
                name = who if each == ALL else f"{who}: {each}"
                rows[name] = theirs if each == ALL else f"({theirs}\n) and ({entry.rows[each]}\n)"
                there["signed_in"] = (*there.get("signed_in", ()), name)
    return Declaration(
        rows=rows,
        reach={str(command): given for command, given in reach.items()},
        widens={deed: _each(who) for deed, who in entry.widens.items()},
        unsaid=frozenset(_unsaid(entry, file, way)),
        hidden=entry.hidden,
        fixed=entry.fixed,
        moves=entry.moves,
        columns={str(command): given for command, given in entry.columns.items()},
        review=entry.review,
        lines=dict(_lines(file, way)),
        place=Path(file.name).name,
    )


def _of_group(who: str, rows: Mapping[str, str], groups: Mapping[str, str]) -> str | None:
    """Return the predicate by which somebody belongs to a group with respect to a row.

    It is "" where they are a group whatever the row, and None where there is no such group.
    """
    if who in REACHING:
        return ""
    if who == OWNERS:
        return rows.get("own")
    if who.startswith(OWNERS_OF) and (column := who.removeprefix(OWNERS_OF).strip()):
        return f"{quoted(column)}::text = :me::text"
    return groups.get(who)


def _unsaid(entry: TableEntry, file: TomlFile, way: tuple[str, str]) -> Iterator[tuple[str, str]]:
    for words, why in entry.because.items():
        command, _, who = words.partition(" by ")
        if who not in entry.reach.get(command, {}):  # type: ignore[call-overload]
            raise file.wrong((*way, "because", words), f"because: nothing is declared for {words!r}")
        if not why.strip():
            yield from ((command, actor) for actor in REACHING.get(who, REACHING["signed_in"]))


def _lines(file: TomlFile, way: tuple[str, str]) -> Iterator[tuple[str, int]]:
    """Yield the keys of an entry with their lines; "" is the entry itself."""
    for place, line in file.lines.items():
        if place[:2] == way:
            yield ".".join(map(str, place[2:])), line

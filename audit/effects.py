"""What a statement would make and change, as far as its words tell, and what a server says that it lacks.

Wrong guesses are harmless where they name too much: all that is concluded is that something is not certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import psycopg

from audit.results import ANYTHING, GRANT, ROW_SECURITY, Thing
from audit.sql_text import MARK, NAME, STRING, WORD, Statement, Token, statements, tokens

_CREATED = {
    "table": "table", "view": "view", "sequence": "sequence", "type": "type", "domain": "type", "function": "function",
    "procedure": "function", "aggregate": "function", "schema": "schema", "index": "index", "trigger": "trigger",
    "policy": "policy", "rule": "rule", "role": "role", "user": "role", "group": "role", "extension": "extension",
    "publication": "publication", "server": "server", "collation": "collation", "operator": "operator",
    "language": "language", "statistics": "statistics", "routine": "function", "constraint": "constraint",
    "column": "column",
}  # fmt: skip
_BEFORE_KIND = frozenset({
    "or", "replace", "global", "local", "temp", "temporary", "unlogged", "materialized", "recursive", "foreign",
    "unique", "constraint", "event", "trusted", "procedural", "default", "text", "search",
})  # fmt: skip
# What stands behind the CREATE or ALTER of a statement, and not behind that of a part of one.
_BEGIN = (_CREATED.keys() | _BEFORE_KIND) - {"column", "constraint", "default"}
_ON_A_TABLE = frozenset({"index", "trigger", "policy", "rule"})
_STARTS = frozenset({
    "create", "alter", "drop", "grant", "revoke", "insert", "update", "delete", "truncate", "copy", "merge", "comment",
})  # fmt: skip
_QUIET = frozenset({
    "set", "reset", "show", "comment", "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release",
    "analyze", "vacuum", "lock", "explain", "listen", "notify", "unlisten", "discard", "deallocate", "prepare", "fetch",
    "close", "declare", "checkpoint", "load",
})  # fmt: skip
_KEYS = frozenset({"primary", "unique", "check", "foreign", "exclude"})
_NO_COLUMN = _KEYS | {"constraint", "generated", "value", "table", "identity"}
# What these do to a table is done to one of its columns or constraints, and nothing else of it is another.
_OF_PARTS = frozenset({"add", "drop", "alter", "validate"})
# Settings, which change nothing that stays.
_SETTINGS = re.compile(r"select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(", re.IGNORECASE)
_LONGEST = 100_000  # characters of a statement that are looked at: more of it are rows


@dataclass
class Effects:
    """What one statement would make, and all that it would make or change."""

    made: set[Thing] = field(default_factory=set)
    touched: set[Thing] = field(default_factory=set)

    def make(self, thing: Thing) -> None:
        """Note something that is made."""
        self.made.add(thing)
        self.touched.add(thing)


def effects(statement: Statement) -> Effects:
    """Read what a statement would do."""
    found = Effects()
    if statement.words[:1] and statement.words[0] not in _QUIET and not _SETTINGS.match(statement.text):
        _read(list(tokens(statement.text[:_LONGEST])), found)
    return found


def parts(statement: Statement) -> list[Statement]:
    """Return the statements that were written as one, for want of a semicolon; mostly there is but the one."""
    text = statement.text
    row = list(tokens(text))
    begins = [0, *(row[number].start for number in _run_on(row)), len(text)]
    return [
        replace(each, start=statement.start + begin + each.start)
        for begin, end in pairwise(begins)
        for each in statements(text[begin:end])
    ]


def _read(row: Sequence[Token], found: Effects) -> None:
    ends = [*_run_on(row), len(row)]
    for begin, end in pairwise([0, *ends]):
        _read_one(row[begin:end], found)


def _run_on(row: Sequence[Token]) -> Iterator[int]:
    """Yield where another statement begins within one: CREATE SCHEMA has them, and where a semicolon was forgotten."""
    depth = 0
    for number, token in enumerate(row[:-1]):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if number and not depth and token.word in ("create", "alter") and row[number + 1].word in _BEGIN:
            yield number


def _read_one(row: Sequence[Token], found: Effects) -> None:
    if not row:
        return
    match row[0].word:
        case "create":
            _create(row, found)
        case "alter" | "drop":
            _alter(row, found)
        case "grant" | "revoke":
            _grant(row, found)
        case "insert" | "update" | "delete" | "truncate" | "copy" | "merge":
            _rows(row, found)
        case _ if row[0].word not in _QUIET:
            _opaque(row, found)


def _kind(row: Sequence[Token], at: int) -> tuple[str, int]:
    """Find the kind of object that is created or altered; return it and where its name may begin."""
    while at < len(row) and row[at].word in _BEFORE_KIND:
        event = row[at].word == "event"
        foreign = row[at].word == "foreign"
        at += 1
        if foreign and [token.word for token in row[at : at + 2]] == ["data", "wrapper"]:
            return "foreign-data wrapper", at + 2
        if event and at < len(row) and row[at].word == "trigger":
            return "event trigger", at + 1
    word = row[at].word if at < len(row) else ""
    if word == "user" and row[at + 1 : at + 2] and row[at + 1].word == "mapping":
        return "user mapping", len(row)  # it has no name
    return _CREATED.get(word, word), at + 1


def _skip(row: Sequence[Token], at: int, *words: str) -> int:
    while at < len(row) and row[at].word in words:
        at += 1
    return at


def _name(row: Sequence[Token], at: int, kind: str) -> tuple[Thing | None, int]:
    """Read a qualified name; return it, and where it ends."""
    names = []
    while at < len(row) and row[at].kind in (WORD, NAME):
        names.append(row[at].name)
        at += 1
        if at < len(row) and row[at].text == "." and row[at].kind is MARK:
            at += 1
        else:
            break
    if not names:
        return None, at
    return Thing(kind, names[-2] if len(names) > 1 else "", names[-1]), at


def _table_after(row: Sequence[Token], word: str, at: int) -> Thing | None:
    """Return the table behind the next ``word``."""
    place = next((number for number in range(at, len(row)) if row[number].word == word), None)
    if place is None:
        return None
    return _name(row, _skip(row, place + 1, "only", "table"), "table")[0]


def _create(row: Sequence[Token], found: Effects) -> None:
    kind, at = _kind(row, 1)
    at = _skip(row, at, "concurrently", "if", "not", "exists")
    if kind == "schema" and at < len(row) and row[at].word == "authorization":
        at += 1
    if kind == "index" and at < len(row) and row[at].word == "on":
        thing: Thing | None = None
    else:
        thing, at = _name(row, at, kind)
    if kind in _ON_A_TABLE:
        table = _table_after(row, "to" if kind == "rule" else "on", at) or Thing("table", "", "")
        if kind == "rule" and table.name:
            found.touched.add(table)
        made = Thing(kind, table.schema, thing.name if thing else "", table.name)
        if kind == "index" and any(token.word == "unique" for token in row[:2]):
            found.touched.add(made._replace(kind="constraint"))
        # The server finds a name for an index that is given none.
        (found.make if thing else found.touched.add)(made)
    elif thing:
        found.make(thing)


def _alter(row: Sequence[Token], found: Effects) -> None:
    kind, at = _kind(row, 1)
    if kind == "privileges":  # alter default privileges
        found.touched.add(Thing("default privileges", "", "defaults"))
        return
    at = _skip(row, at, "if", "exists", "only", "concurrently")
    thing, at = _name(row, at, kind)
    if thing is not None and kind in _ON_A_TABLE - {"index"} and (table := _table_after(row, "on", at)):
        thing = Thing(kind, table.schema, thing.name, table.name)
    if thing is None:
        return
    if kind != "table" or row[0].word == "drop":
        found.touched.add(thing)
    if row[0].word == "drop":
        return
    for begin, end in _parts(row, at):
        _alter_part(row[begin:end], kind, thing, found)


def _parts(row: Sequence[Token], at: int) -> Iterator[tuple[int, int]]:
    """Yield where what is done to an object begins and ends: commas part it, but for those in brackets."""
    depth, begin = 0, at
    for number in range(at, len(row)):
        depth += {"(": 1, ")": -1}.get(row[number].text, 0)
        if not depth and row[number].text == ",":
            yield begin, number
            begin = number + 1
    yield begin, len(row)


def _alter_part(part: Sequence[Token], kind: str, thing: Thing, found: Effects) -> None:
    """Read one thing that is done to an object."""
    words = [token.word for token in part]
    if kind == "table" and words[-3:] == ["row", "level", "security"]:
        found.touched.add(Thing(ROW_SECURITY, thing.schema, "", thing.name))
    elif kind == "table" and not (words[:1] and words[0] in _OF_PARTS):
        found.touched.add(thing)
    if words[:1] == ["rename"] and "to" in words:
        place = words.index("to")
        is_whole = place == 1
        new, _ = _name(part, place + 1, kind if is_whole else "column")
        if new:
            found.make(
                Thing(kind, thing.schema, new.name) if is_whole else Thing("column", thing.schema, new.name, thing.name)
            )
    elif words[:2] == ["set", "schema"]:
        new, _ = _name(part, 2, "schema")
        if new:
            found.make(Thing(kind, new.name, thing.name))
    elif kind == "publication" and "table" in words and (table := _table_after(part, "table", 0)):
        found.touched.add(table)
    elif kind == "table" and words[:1] and words[0] in _OF_PARTS:
        _alter_column(part, words, thing, found)


def _alter_column(part: Sequence[Token], words: Sequence[str], table: Thing, found: Effects) -> None:
    """Read what is done to a column or a constraint of a table."""
    note = found.make if words[0] == "add" else found.touched.add
    if words[0] == "validate" or (words[1:2] and words[1] in {"constraint", *_KEYS}):
        place = _skip(part, 1, "constraint", "if", "exists")
        # The server finds a name for one that is given none.
        named = None if words[1:2] and words[1] in _KEYS else _name(part, place, "constraint")[0]
        thing = Thing("constraint", table.schema, named.name if named else "", table.name)
        (note if named else found.touched.add)(thing)
        return
    column, _ = _name(part, _skip(part, 1, "column", "if", "not", "exists"), "column")
    note(Thing("column", table.schema, column.name, table.name) if column else table)


def _grant(row: Sequence[Token], found: Effects) -> None:
    place = next((number for number, token in enumerate(row) if token.word == "on"), None)
    if place is None:
        found.touched.add(Thing("role", "", "membership"))
        return
    at = place + 1
    if at + 2 < len(row) and row[at].word == "all" and row[at + 2].word == "in":
        # On all tables (sequences, functions) in a schema: each of them.
        thing, _ = _name(row, at + 4, "schema")
        found.touched.add(Thing(GRANT, thing.name if thing else "", ""))
        return
    if at >= len(row):
        return
    kind = _CREATED.get(row[at].word, "table")
    at += 1 if row[at].word in _CREATED else 0
    while at < len(row):
        thing, end = _name(row, at, kind)
        if thing:
            found.touched.add(Thing(GRANT, thing.schema, "", thing.name))
        depth = 0
        while end < len(row) and (depth or row[end].text != ","):
            depth += {"(": 1, ")": -1}.get(row[end].text, 0)
            if not depth and row[end].word in ("to", "from"):
                return
            end += 1
        at = end + 1


def _rows(row: Sequence[Token], found: Effects) -> None:
    at = _skip(row, 1, "into", "from", "only", "table")
    table, _ = _name(row, at, "rows")
    if table:
        found.touched.add(table)


def _opaque(row: Sequence[Token], found: Effects, depth: int = 3) -> None:
    """Look for statements within a block, a function's call or a text that is executed."""
    before = len(found.touched)
    _search(row, found, depth)
    if len(found.touched) == before:
        call = _called(row)
        if call is not None or _calls(row):
            found.touched.add(call or Thing(ANYTHING, "", ""))


def _calls(row: Sequence[Token]) -> bool:
    """Tell whether a statement may change something: a query without any call changes nothing."""
    is_query = row[0].word in ("select", "with", "table", "values", "show", "explain")
    changing = {token.word for token in row} & {"insert", "update", "delete", "merge", "into"}
    called = any(token.name and after.text == "(" for token, after in pairwise(row))
    return not is_query or bool(changing) or called


def _called(row: Sequence[Token]) -> Thing | None:
    """Return what a plain ``select schema.function(...)`` calls."""
    if row[0].word not in ("select", "perform", "call") or len(row) < 5 or row[2].text != "." or row[4].text != "(":
        return None
    return Thing("call", row[1].name, row[3].name)


def _search(row: Sequence[Token], found: Effects, depth: int) -> None:
    begin: int | None = None
    for number, token in enumerate(row):
        if token.kind is STRING and depth and (token.dollar or " " in token.value):
            inner = list(tokens(token.value))
            if any(each.word in _STARTS for each in inner):
                _search(inner, found, depth - 1)
        previous = row[number - 1].sign if number else ""
        starts = token.word in _STARTS and previous in ("", ";", "begin", "then", "else", "loop", "(", "as")
        if begin is not None and (starts or token.text == ";"):
            _read_within(row[begin:number], found)
            begin = None
        if starts:
            begin = number
    if begin is not None:
        _read_within(row[begin:], found)


def _read_within(row: Sequence[Token], found: Effects) -> None:
    """Read a statement in a block; one whose names are put together when it runs may be about anything."""
    if any(token.text.startswith("%") for token in row[:8]):
        found.touched.add(Thing(ANYTHING, "", ""))
    elif row[0].word != "comment":
        _read(row, found)


# --- What a server says that it lacks

_QUOTED = r'"((?:[^"]|"")+)"'
# The first that matches counts: what is "of relation x" stands before relations.
_LACKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("column", re.compile(rf"column {_QUOTED} of relation {_QUOTED} does not exist")),
    ("column", re.compile(rf"column {_QUOTED} (?:.* )?does not exist")),
    ("column", re.compile(r"column (?:[^\s.]+\.)?(?P<name>\S+) does not exist")),
    ("column", re.compile(r'record "[^"]+" has no field (?P<name>\S+)')),
    ("policy", re.compile(rf"policy {_QUOTED} for table {_QUOTED} does not exist")),
    ("trigger", re.compile(rf"trigger {_QUOTED} for table {_QUOTED} does not exist")),
    ("constraint", re.compile(rf"constraint {_QUOTED} of relation {_QUOTED} does not exist")),
    ("table", re.compile(rf"(?:relation|table|view|sequence|materialized view) {_QUOTED} does not exist")),
    ("type", re.compile(rf"type {_QUOTED} does not exist")),
    ("type", re.compile(r"type (?P<name>\S+) does not exist")),
    ("function", re.compile(r"(?:function|procedure|aggregate|routine) (?P<name>[^(]+)\(.*\) does not exist")),
    ("function", re.compile(rf"could not find a (?:function|procedure) named {_QUOTED}")),
    ("operator class", re.compile(rf"operator class {_QUOTED} does not exist")),
    ("schema", re.compile(rf"schema {_QUOTED} does not exist")),
    ("role", re.compile(rf"role {_QUOTED} does not exist")),
    ("index", re.compile(rf"index {_QUOTED} does not exist")),
    ("extension", re.compile(rf"extension {_QUOTED} does not exist")),
    ("publication", re.compile(rf"publication {_QUOTED} does not exist")),
    ("server", re.compile(rf"server {_QUOTED} does not exist")),
    ("collation", re.compile(rf"collation {_QUOTED} .*does not exist")),
    # What a foreign key or ON CONFLICT points to is there, and not as it should be.
    ("table", re.compile(rf"no unique constraint matching given keys for referenced table {_QUOTED}")),
    ("table", re.compile(r"^(?P<name>[^\s.]+\.\S+) does not exist")),
)


# The rows that a foreign key points to.
_NOT_PRESENT = re.compile(rf"is not present in table {_QUOTED}")


def lacks(error: psycopg.Error) -> Thing | None:
    """Return what a statement failed for because it is not there; None where it failed for something else.

    Read from the message, which the server writes in English here; in another language nothing is known.
    """
    if error.sqlstate == "23503" and (parent := _NOT_PRESENT.search(error.diag.message_detail or "")):
        return Thing("rows", "", parent[1].replace('""', '"'))
    return lacking(error.diag.message_primary or "")


def lacking(message: str) -> Thing | None:
    """Return what a message says that is not there; None where it says something else."""
    for kind, pattern in _LACKS:
        if match := pattern.search(message):
            named = match.groupdict()
            name = named["name"] if "name" in named else match[1].replace('""', '"')
            of = match[2] if match.re.groups > 1 else ""
            if kind == "column":
                return Thing(kind, "", name.strip('"'), of.rpartition(".")[2].strip('"'))
            schema, _, last = name.rpartition(".")
            return Thing(kind, schema.strip('"'), last.strip('"'), of.rpartition(".")[2])
    return None


def things(found: Iterable[Thing]) -> tuple[Thing, ...]:
    """Return them in an order that does not change."""
    return tuple(sorted(found))

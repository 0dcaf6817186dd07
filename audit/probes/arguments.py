"""What a function does with its arguments, and so which values of them belong together.

Bodies are searched for comparisons, not parsed: PL/pgSQL has no parser here, and a column or a word too many does no
harm. What a body compares with an argument is a value of that column; the arguments of one call are values of one row,
so that an order is asked for with its own buyer, and then once more with the caller in the buyer's place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from audit.sql_text import listed

# A table (None: whichever is looked at) and a column of it.
Column = tuple[str | None, str]
Values = tuple[str | None, ...]

_COMPARED = r"(?:=|<>|!=|is\s+(?:not\s+)?distinct\s+from|~~\*?|i?like|in|any|<@|@>)"
_COLUMN = r"(?:\"?(?P<table>\w+)\"?\s*\.\s*)?\"?(?P<column>[a-z_]\w*)\"?"
_CAST = r"(?:\s*::\s*[\w.]+)?"
_ME = r"auth\s*\.\s*uid\s*\(\s*\)"
_NAMED = re.compile(
    r"\b(?:from|join|update|into)\s+(?:only\s+)?(?:\"?\w+\"?\s*\.\s*)?\"?(?P<table>\w+)\"?(?:\s+(?:as\s+)?(?P<alias>[a-z_]\w*))?",
    re.IGNORECASE,
)
_INSERTED = re.compile(
    r"\binsert\s+into\s+(?:\"?\w+\"?\s*\.\s*)?\"?(?P<table>\w+)\"?(?:\s+as\s+\w+)?\s*\((?P<columns>[^()]*)\)\s*"
    r"(?:values\s*\(|select\b)",
    re.IGNORECASE,
)
_NO_COLUMN = frozenset(("select", "array", "any", "all", "not", "null", "and", "or", "auth", "case", "when", "where"))
# A type that values are not made up for.
OTHER = "?"
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Use:
    """What a body does with one argument: the columns and words that it compares it with, or puts it into.

    ``person``: it is compared with the caller's id.
    """

    columns: tuple[Column, ...] = ()
    words: tuple[str, ...] = ()
    person: bool = False


@lru_cache(maxsize=2048)
def uses(text: str, function: str, names: tuple[str | None, ...]) -> tuple[Use, ...]:
    """Return what the body of a function does with each of its arguments."""
    tables = {(m["alias"] or m["table"]).lower(): m["table"].lower() for m in _NAMED.finditer(text)}
    tables |= {m["table"].lower(): m["table"].lower() for m in _NAMED.finditer(text)}
    return tuple(_use(text, function, place, name, tables) for place, name in enumerate(names, 1))


# Stands for an argument in a text, so that the patterns are the same for all, and are compiled once.
MARK = "\x01"
_FOLDED = rf"(?:(?:lower|upper|[blr]?trim|coalesce|nullif|string_to_array|(?:regexp_)?replace)\s*\(\s*)?{MARK}"
_BESIDE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_COLUMN}{_CAST}\s*{_COMPARED}\s*(?:any\s*)?\(?\s*{_FOLDED}",
        rf"{_FOLDED}{_CAST}\s*\)?\s*{_COMPARED}\s*(?:any\s*)?\(?\s*{_COLUMN}(?!\s*[(.'\w])",
    )
)
# Also with what is put there where nothing is given.
_ALONE = re.compile(rf"\s*{_FOLDED}{_CAST}\s*(?:,.*)?\)?\s*", re.IGNORECASE | re.DOTALL)
_IS_ME = re.compile(
    rf"{_ME}\s*\)?\s*{_COMPARED}\s*{MARK}|{MARK}{_CAST}\s*{_COMPARED}\s*\(?\s*(?:select\s+)?{_ME}", re.IGNORECASE
)
_LISTED = re.compile(
    rf"{_FOLDED}{_CAST}\s*\)?\s*{_COMPARED}\s*\(?\s*(?:array\s*\[\s*)?"
    rf"((?:'[^']{{1,60}}'{_CAST}\s*,?\s*)+)",
    re.IGNORECASE,
)
_AFTER = re.compile(rf"('[^']{{1,60}}')\s*{_COMPARED}\s*{_FOLDED}", re.IGNORECASE)
_CASE = re.compile(rf"\bcase\s+{_FOLDED}\s*\)?(.*?)\bend\b", re.IGNORECASE | re.DOTALL)


def marked(text: str, function: str, place: int, name: str | None) -> str:
    """Put the mark in the place of an argument, which is called by its name, with the function's before it, or $1."""
    called = rf"(?:{re.escape(name)}|\${place})" if name else rf"\${place}"
    argument = rf"(?<![\w.\"$]){called}(?![\w(.])"
    if name:
        argument = rf"\b{re.escape(function)}\s*\.\s*{re.escape(name)}(?![\w(.])|{argument}"
    return re.sub(argument, MARK, text, flags=re.IGNORECASE)


def _use(text: str, function: str, place: int, name: str | None, tables: Mapping[str, str]) -> Use:
    text = marked(text.replace(MARK, " "), function, place, name)
    if MARK not in text:
        return Use()
    columns: dict[Column, None] = {}
    for pattern in _BESIDE:
        for match in pattern.finditer(text):
            column, table = match["column"].lower(), (match["table"] or "").lower()
            if column not in _NO_COLUMN and table not in ("auth", function.lower()):
                columns[tables.get(table), column] = None
    for inserted in _INSERTED.finditer(text):
        # A column of the same name is no argument.
        listed_ = inserted["columns"].replace(MARK, name or "")
        names = [each.strip().strip('"').lower() for each in listed_.split(",")]
        for column, value in zip(names, listed(text, inserted.end()), strict=False):
            if _ALONE.fullmatch(value):
                columns[inserted["table"].lower(), column] = None
    return Use(tuple(columns), tuple(_words(text)), _IS_ME.search(text) is not None)


def _words(text: str) -> list[str]:
    """Return the words that the marked argument is compared with."""
    found: list[str] = []
    texts = [match[1] for match in _LISTED.finditer(text)]
    texts += [match[1] for match in _AFTER.finditer(text)]
    for match in _CASE.finditer(text):
        texts += re.findall(r"\bwhen\s+('[^']{1,60}')", match[1], re.IGNORECASE)
    for each in texts:
        found += re.findall(r"'([^']{1,60})'", each)
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Given:
    """One argument: its name without what is put around it by habit, its type, and what else it may be."""

    name: str
    word: str
    base: str
    array: bool
    use: Use
    person: bool
    means: Collection[str]
    candidates: Sequence[str | None]


# Of how many rows each argument is left out once.
MOST_WITH_NULLS = 2
# Of so many rows arguments are taken.
MOST_ROWS = 6


def stories(
    arguments: Sequence[Given], rows: Sequence[Mapping[str, Any]], me: str | None, people: Collection[str | None]
) -> Iterator[Values]:
    """Yield values that belong together: those of one row; the caller in the place of the row's person; nulls; words.

    ``rows`` have their ``relation``, ``relname``, the name of their ``key`` and their ``content``.
    """
    with_nulls = MOST_WITH_NULLS
    told = [(row, [_of_row(argument, row, people) for argument in arguments]) for row in rows]
    # A row that has more of what is asked for comes first.
    told.sort(key=lambda each: each[1].count(None))
    for _, taken in told[:MOST_ROWS]:
        if not any(taken):
            continue
        values = tuple(
            value if value is not None else next(iter(argument.candidates), None)
            for value, argument in zip(taken, arguments, strict=True)
        )
        yield values
        # What a body puts into the row changes nothing where it is there already.
        turned = tuple(_another(argument, value) for value, argument in zip(values, arguments, strict=True))
        if turned != values:
            yield turned
        own = tuple(
            me if me and argument.base == "uuid" and not argument.array and value in people else value
            for value, argument in zip(values, arguments, strict=True)
        )
        if own != values and len(values) > 1:
            yield own
        if with_nulls and len(arguments) > 1:
            with_nulls -= 1
            for place in range(len(arguments)):
                yield (*turned[:place], None, *turned[place + 1 :])
        for place, argument in enumerate(arguments):
            for word in argument.use.words[:4] if argument.base in ("text", "character varying") else ():
                yield (*values[:place], word, *values[place + 1 :])


def _another(argument: Given, value: str | None) -> str | None:
    """Return another value than a row's own for a flag or a word; an id stays as it is."""
    if argument.base == "boolean":
        return {"true": "false", "false": "true"}.get(value or "", value)
    if argument.base not in ("text", OTHER) or argument.array or argument.person or argument.means:
        return value
    known = (other for other in argument.candidates if other not in (value, "made up", "%", ""))
    return next(known, "made up" if "made up" in argument.candidates else value)


def _of_row(argument: Given, row: Mapping[str, Any], people: Collection[str | None]) -> str | None:
    """Return the value of an argument that a row has, or None."""
    content: Mapping[str, Any] = row["content"]
    # A column without its table, such as id, is that of the table that the argument's name means.
    tables = (None, row["relname"]) if not argument.means or row["relation"] in argument.means else (row["relname"],)
    columns = [column for table, column in argument.use.columns if table in tables]
    if row["relation"] in argument.means and row["key"]:
        columns.append(row["key"])
    if argument.word:
        columns += [f"{argument.word}_id", argument.word, argument.name]
    values = [_fitting(argument, content[column]) for column in columns if content.get(column) is not None]
    if argument.person and argument.base == "uuid":
        values += [
            _fitting(argument, value) for value in content.values() if isinstance(value, str) and value in people
        ]
    return next((value for value in values if value is not None), None)


def _fitting(argument: Given, value: object) -> str | None:
    """Return a value as text where an argument's type takes it, or None; of a list one of its own."""
    if isinstance(value, list) and value and not argument.array:
        value = value[0]
    if isinstance(value, dict | list):
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if argument.base == "uuid" and not UUID.fullmatch(text):
        return None
    if argument.base in ("integer", "bigint", "smallint") and not re.fullmatch(r"-?\d{1,18}", text):
        return None
    if argument.base not in ("uuid", "integer", "bigint", "smallint", "text", "character varying", "boolean", OTHER):
        return None
    if argument.base == "boolean" and text not in ("true", "false"):
        return None
    return "{" + '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' + "}" if argument.array else text

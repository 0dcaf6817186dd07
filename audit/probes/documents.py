"""Arguments that hold several values: a document of which a body takes keys, a row of which it takes fields.

What is taken stands for arguments of its own, so that their values are chosen as those of any other argument, and are
put into one document again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from audit.probes.arguments import MARK, OTHER, Values, marked
from audit.sql_text import LONGEST, listed

_QUOTE = '"'
# As many keys of one argument stand for themselves.
MOST_KEYS = 12

_CAST = r"(?:\s*::\s*(?:\"?\w+\"?\s*\.\s*)?\"?(?P<type>[a-z]\w*))?"
_JSON = r"(?:\s*::\s*jsonb?)?"
_STEP = re.compile(r"'([^']{1,60})'")


def _taking(mark: str) -> tuple[re.Pattern[str], ...]:
    """Return what takes a value out of a document that is called so: in parentheses, or without."""
    steps = rf"{mark}(?P<steps>(?:\s*->>?\s*'[^']{{1,60}}')+|\s*#>>?\s*'\{{[^'{{}}]{{1,120}}\}}')"
    return tuple(re.compile(pattern + _CAST, re.IGNORECASE) for pattern in (rf"(?<!\w)\(\s*{steps}\s*\)", steps))


_TAKEN = _taking(MARK)
_AS_RECORD = re.compile(
    rf"\bjsonb?_to_record(?:set)?\s*\(\s*{MARK}{_JSON}\s*\)\s*(?:as\s+)?(?P<alias>[a-z_]\w*)\s*\((?=[^()]*\w)",
    re.IGNORECASE,
)
_ELEMENTS = re.compile(
    rf"\bjsonb?_array_elements(?P<text>_text)?\s*\(\s*\(?\s*{MARK}(?P<steps>(?:\s*->\s*'[^']{{1,60}}')*)\s*\)?{_JSON}"
    r"\s*\)\s*(?:with\s+ordinality\s+)?(?:as\s+)?(?P<alias>(?!loop\b|where\b|join\b|on\b|cross\b|left\b)[a-z_]\w*)?",
    re.IGNORECASE,
)
_LOOP = re.compile(r"\bfor\s+(\w+)\s+in\s+select\b[^;]*$", re.IGNORECASE)
_POPULATED = re.compile(
    rf"\bjsonb?_populate_record(?:set)?\s*\(\s*null\s*::\s*(?:\"?\w+\"?\s*\.\s*)?\"?(?P<table>\w+)\"?\s*,\s*{MARK}",
    re.IGNORECASE,
)
# A document of values by their keys, as in: for id, mark in select * from jsonb_each_text(marks).
_BY_KEY = re.compile(
    rf"(?:\bfor\s+(?P<loop>\w+)(?:\s*,\s*(?P<second>\w+))?\s+in\s+select\b[^;]{{0,200}}?)?"
    rf"\bjsonb?_(?:each(?:_text)?|object_keys)\s*\(\s*{MARK}{_JSON}\s*\)"
    r"(?:\s*(?:as\s+)?(?P<alias>(?!loop\b|where\b|join\b|on\b|cross\b|left\b)[a-z_]\w*)"
    r"(?:\s*\(\s*(?P<key>\w+)\s*(?:,\s*(?P<value>\w+)\s*)?\))?)?",
    re.IGNORECASE,
)
# Stands in a path for each element of a list, and in a body for such an element; for a key, and for what is under it.
EACH, KEY, VALUE = "*", "*key", "*value"
_ELEMENT = "\x02"
_OF_ELEMENT = _taking(_ELEMENT)
# The types that values are made up for, by what they are called; of another one there is none, unless a row has it.
_TYPES = {
    name: base
    for base, names in {
        "text": ("", "text", "varchar", "citext"),
        "uuid": ("uuid",),
        "boolean": ("bool", "boolean"),
        "integer": ("int", "integer", "int4"),
        "bigint": ("bigint", "int8"),
        "smallint": ("smallint", "int2"),
        "numeric": ("numeric", "decimal", "real", "float4", "float8", "double"),
        "date": ("date",),
        "timestamp": ("timestamp", "timestamptz"),
        "interval": ("interval",),
    }.items()
    for name in names
}
_NUMBERS = ("integer", "bigint", "smallint", "numeric")


@dataclass(frozen=True)
class Taken:
    """A value that a body takes out of an argument: which argument, by which keys, as which type.

    ``mark`` stands for it in the body.
    """

    place: int
    path: tuple[str, ...]
    type: str
    mark: str

    @property
    def category(self) -> str:
        """The category of its type, as far as it matters for made-up values."""
        return "S" if self.type == "text" else ""


class _Opening:
    """Finds what is taken out of one argument, and puts names for it into the body."""

    def __init__(self, place: int, fields: Mapping[str, str], kind: str) -> None:
        self.place, self.fields = place, fields
        self.table = kind.removesuffix("[]").rpartition(".")[2].strip(_QUOTE)
        self.found: dict[tuple[str, ...], Taken] = {}

    def mark(self, path: tuple[str, ...], kind: str) -> str:
        """Return the name for what is under some keys."""
        if path not in self.found and len(self.found) >= MOST_KEYS:
            return "null"
        base = _known(kind)
        one = self.found.setdefault(path, Taken(self.place, path, base, f"taken_{self.place}_{len(self.found)}"))
        if one.type == "text":
            # It says elsewhere what it is made into.
            self.found[path] = replace(one, type=base)
        return one.mark

    def keys(self, body: str, tables: Mapping[str, Mapping[str, str]]) -> str:
        """Put names in the place of what is taken out of a document, which may fill rows of ``tables``."""
        for _ in range(MOST_KEYS):
            if (elements := _ELEMENTS.search(body)) is not None:
                body = self._elements(body, elements)
        if (by_key := _BY_KEY.search(body)) is not None:
            body = self._by_key(body, by_key)
        for pattern in _TAKEN:
            body = pattern.sub(lambda found: self.mark(_path(found["steps"]), found["type"] or ""), body)
        for record in islice([*_AS_RECORD.finditer(body)], MOST_KEYS):
            above = (EACH,) if "recordset" in record[0].lower() else ()
            for column in listed(body, record.end()):
                name, _, kind = column.strip().partition(" ")
                of_record = rf"\b{re.escape(record['alias'])}\s*\.\s*\"?{re.escape(name.strip(_QUOTE))}\b\"?"
                body = re.sub(of_record, self.mark((*above, name.strip(_QUOTE)), kind.strip()), body)
        for filled in islice([*_POPULATED.finditer(body)], MOST_KEYS):
            above, table = (EACH,) if "recordset" in filled[0].lower() else (), filled["table"].lower()
            for column, kind in tables.get(table, {}).items():
                body += f" ; {table}.{column} = {self.mark((*above, column), kind)}"
        return body

    def _elements(self, body: str, elements: re.Match[str]) -> str:
        """Put names in the place of what is taken out of the elements of a list."""
        alias = elements["alias"]
        if alias is None:
            loop = _LOOP.search(body[: elements.start()])
            alias = loop[1] if loop else "value"
        above = (*_path(elements["steps"]), EACH)
        body = f"{body[: elements.start()]} elements {body[elements.end() :]}"
        called = rf"(?<![\w.])(?:{re.escape(alias)}(?:\s*\.\s*value)?|value)(?![\w.(])"
        if elements["text"]:
            return re.sub(
                called + _CAST, lambda found: self.mark(above, found["type"] or ""), body, flags=re.IGNORECASE
            )
        body = re.sub(rf"{called}(?=\s*(?:->|#>))", _ELEMENT, body, flags=re.IGNORECASE)
        for pattern in _OF_ELEMENT:
            body = pattern.sub(lambda found: self.mark((*above, *_path(found["steps"])), found["type"] or ""), body)
        return body

    def _by_key(self, body: str, found: re.Match[str]) -> str:
        """Put names in the place of the keys of a document, and of what is under them."""
        alias = found["alias"] or found["loop"] or ""
        names = {KEY: [found["key"]], VALUE: [found["value"]]}
        if found["second"]:
            names = {KEY: [*names[KEY], found["loop"]], VALUE: [*names[VALUE], found["second"]]}
        body = f"{body[: found.start()]} entries {body[found.end() :]}"
        for path, word in ((KEY, "key"), (VALUE, "value")):
            before = rf"(?:{re.escape(alias)}\s*\.\s*)?" if alias else ""
            called = [before + re.escape(name) for name in names[path] if name]
            called += [rf"{re.escape(alias)}\s*\.\s*{word}"] if alias else []
            called += [re.escape(alias)] if path == KEY and alias and not any(names[KEY]) else []

            def stands_for(one: re.Match[str], path: str = path) -> str:
                return self.mark((path,), one["type"] or "")

            if called:
                name = rf"(?<![\w.])(?:{'|'.join(called)})(?![\w.(])"
                body = re.sub(name + _CAST, stands_for, body, flags=re.IGNORECASE)
        return body

    def columns(self, body: str, name: str) -> str:
        """Put names in the place of the fields of a row."""

        def stands_for(found: re.Match[str]) -> str:
            field = found["field"].lower()
            return self.mark((field,), self.fields[field]) if field in self.fields else found[0]

        called = rf"(?<![\w.\"$])(?:\(\s*{re.escape(name)}\s*\)|{re.escape(name)})"
        body = re.sub(rf"{called}\s*\.\s*\"?(?P<field>\w+)\"?", stands_for, body, flags=re.IGNORECASE)
        if re.search(rf"{called}\s*\.\s*\*", body, re.IGNORECASE):
            body += self._all()
        return body

    def rows(self, body: str, name: str) -> str:
        """Put names in the place of the fields of a list's rows: of each one in a loop, of an alias, of the first."""
        listed_ = rf"(?<![\w.\"$]){re.escape(name)}(?![\w.(])"
        aliases = re.findall(rf"\bforeach\s+(\w+)\s+in\s+array\s+{listed_}", body, re.IGNORECASE)
        unnested = re.findall(rf"\bunnest\s*\(\s*{listed_}\s*\)(?:\s+(?:as\s+)?(\w+))?", body, re.IGNORECASE)
        body = re.sub(rf"{listed_}\s*\[[^\]]*\]", "audit_element", body, flags=re.IGNORECASE)
        for alias in dict.fromkeys([*aliases, *unnested, "audit_element"]):
            body = self.columns(body, alias) if alias else body
        # Whole rows are put somewhere, or the columns have no alias before them.
        return body if self.found or not unnested else body + self._all()

    def _all(self) -> str:
        """Return what says of each field that it is the column of a table that is called like the type."""
        fields = islice(self.fields.items(), MOST_KEYS)
        return "".join(f" ; {self.table}.{name} = {self.mark((name,), kind)}" for name, kind in fields)


def taken(
    text: str, function: str, arguments: Sequence[Any], tables: Mapping[str, Mapping[str, str]]
) -> tuple[str, list[Taken]]:
    """Return a body in which names stand for what it takes out of its arguments, and what it takes.

    ``tables`` are the columns of tables with their types, by name. A very long body is left as it is.
    """
    found: list[Taken] = []
    if len(text) > LONGEST:
        return text, found
    for place, argument in enumerate(arguments):
        opening = _Opening(place, dict(argument.fields or ()), argument.type)
        name = argument.name or f"${place + 1}"
        if opening.fields:
            text = opening.rows(text, name) if argument.category == "A" else opening.columns(text, name)
        elif argument.type in ("json", "jsonb"):
            text = opening.keys(marked(text, function, place + 1, argument.name), tables)
            text = text.replace(MARK, name).replace(_ELEMENT, name)
        found += opening.found.values()
    return text, [replace(each, type=_around(text, each.mark)) if each.type == "text" else each for each in found]


_TYPE = re.compile(_CAST.removesuffix("?"), re.IGNORECASE)


def _around(text: str, mark: str, most: int = 300) -> str:
    """Return the type that what is around a value is made into: of ``nullif(value, '')::date`` it is a date."""
    for found in islice(re.finditer(rf"\b{mark}\b", text), MOST_KEYS):
        depth = 0
        for at in range(found.end(), min(len(text), found.end() + most)):
            depth += (text[at] == "(") - (text[at] == ")")
            if text[at] == ";" or depth < -2:
                break
            cast = _TYPE.match(text, at + 1) if text[at] == ")" and depth < 0 else None
            if cast is not None:
                return _known(cast["type"])
    return "text"


def _known(kind: str) -> str:
    return _TYPES.get(kind.partition(" ")[0].partition("(")[0].lower(), OTHER)


def _path(steps: str) -> tuple[str, ...]:
    if "#" in steps:
        return tuple(each.strip().strip('"') for each in steps.partition("{")[2].partition("}")[0].split(","))
    return tuple(_STEP.findall(steps))


def put_together(values: Values, leaves: Sequence[Taken], arguments: Sequence[Any]) -> Values:
    """Return the values of the arguments, of those of what is taken out of them: first the arguments', then those."""
    whole = list(values[: len(arguments)])
    for place, argument in enumerate(arguments):
        parts = [
            (each, value) for each, value in zip(leaves, values[len(arguments) :], strict=True) if each.place == place
        ]
        if not parts:
            continue
        if argument.fields:
            given = {each.path[0]: value for each, value in parts}
            row = f"({','.join(_quoted(given.get(name)) for name, _ in argument.fields)})"
            whole[place] = f"{{{_quoted(row)}}}" if argument.category == "A" else row
        else:
            whole[place] = json.dumps(_document(parts))
    return tuple(whole)


def _document(parts: Sequence[tuple[Taken, str | None]]) -> object:
    """Return a document with these values; a list in it has one element."""
    inner: dict[str, list[tuple[Taken, str | None]]] = {}
    for each, value in parts:
        if not each.path:
            return _plain(each.type, value)
        if value is not None:
            inner.setdefault(each.path[0], []).append((replace(each, path=each.path[1:]), value))
    found = {key: _document(below) for key, below in inner.items()}
    if KEY in found:
        return {str(found[KEY]): found.get(VALUE)}
    return [found[EACH]] if EACH in found else found


def _plain(kind: str, value: str | None) -> object:
    if value is not None and kind == "boolean":
        return value == "true"
    return int(value) if value is not None and kind in _NUMBERS and value.lstrip("-").isdigit() else value


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""Arguments that hold several values: a document of which a body takes keys, a row of which it takes fields.

What is taken stands for arguments of its own, so that their values are chosen as those of any other argument, and are
put into one document again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.probes.arguments import MARK, Values, marked
from audit.sql_text import listed

_QUOTE = '"'
# As many keys of one argument stand for themselves.
MOST_KEYS = 12

_STEPS = rf"{MARK}(?P<steps>(?:\s*->>?\s*'[^']{{1,60}}')+|\s*#>>?\s*'\{{[^'{{}}]{{1,120}}\}}')"
_CAST = r"(?:\s*::\s*(?:pg_catalog\s*\.\s*)?(?P<type>[a-z]\w*))?"
_TAKEN = tuple(re.compile(pattern + _CAST, re.IGNORECASE) for pattern in (rf"\(\s*{_STEPS}\s*\)", _STEPS))
_STEP = re.compile(r"'([^']{1,60})'")
_AS_RECORD = re.compile(
    rf"\bjsonb?_to_record\s*\(\s*{MARK}(?:\s*::\s*jsonb?)?\s*\)\s*(?:as\s+)?(?P<alias>[a-z_]\w*)\s*\((?=[^()]*\w)",
    re.IGNORECASE,
)
_FIELD = re.compile(rf"\(?\s*{MARK}\s*\)?\s*\.\s*\"?(?P<field>\w+)\"?", re.IGNORECASE)
_TYPES = {
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "int2": "smallint",
    "bool": "boolean",
    "varchar": "text",
}
_CATEGORIES = {"uuid": "U", "integer": "N", "bigint": "N", "smallint": "N", "numeric": "N", "boolean": "B", "date": "D"}


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
        return _CATEGORIES.get(self.type, "S")


class _Opening:
    """Finds what is taken out of one argument, and puts names for it into the body."""

    def __init__(self, place: int, fields: Mapping[str, str]) -> None:
        self.place, self.fields = place, fields
        self.found: dict[tuple[str, ...], Taken] = {}

    def mark(self, path: tuple[str, ...], kind: str) -> str:
        """Return the name for what is under some keys."""
        if path not in self.found and len(self.found) >= MOST_KEYS:
            return "null"
        base = _TYPES.get(kind.lower(), kind.lower()) or "text"
        return self.found.setdefault(path, Taken(self.place, path, base, f"taken_{self.place}_{len(self.found)}")).mark

    def keys(self, body: str) -> str:
        """Put names in the place of what is taken out of a document."""
        for pattern in _TAKEN:
            body = pattern.sub(lambda found: self.mark(_path(found["steps"]), found["type"] or ""), body)
        for record in [*_AS_RECORD.finditer(body)]:
            for column in listed(body, record.end()):
                name, _, kind = column.strip().partition(" ")
                of_record = rf"\b{re.escape(record['alias'])}\s*\.\s*\"?{re.escape(name.strip(_QUOTE))}\b\"?"
                body = re.sub(of_record, self.mark((name.strip(_QUOTE),), kind.strip()), body)
        return body

    def columns(self, body: str, name: str) -> str:
        """Put names in the place of the fields of a row."""

        def stands_for(found: re.Match[str]) -> str:
            field = found["field"].lower()
            return self.mark((field,), self.fields[field]) if field in self.fields else found[0]

        called = rf"(?<![\w.\"$])(?:\(\s*{re.escape(name)}\s*\)|{re.escape(name)})"
        return re.sub(rf"{called}\s*\.\s*\"?(?P<field>\w+)\"?", stands_for, body, flags=re.IGNORECASE)


def taken(text: str, function: str, arguments: Sequence[Any]) -> tuple[str, list[Taken]]:
    """Return a body in which names stand for what it takes out of its arguments, and what it takes."""
    found: list[Taken] = []
    for place, argument in enumerate(arguments):
        opening = _Opening(place, dict(argument.fields or ()))
        name = argument.name or f"${place + 1}"
        if opening.fields:
            text = opening.columns(text, name)
        elif argument.type in ("json", "jsonb"):
            text = opening.keys(marked(text, function, place + 1, argument.name)).replace(MARK, name)
        found += opening.found.values()
    return text, found


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
            whole[place] = f"({','.join(_quoted(given.get(name)) for name, _ in argument.fields)})"
        else:
            whole[place] = json.dumps(_document(parts))
    return tuple(whole)


def _document(parts: Sequence[tuple[Taken, str | None]]) -> Mapping[str, Any]:
    document: dict[str, Any] = {}
    for each, value in parts:
        place = document
        for key in each.path[:-1]:
            inner = place.setdefault(key, {})
            place = inner if isinstance(inner, dict) else {}
        if value is not None:
            place.setdefault(
                each.path[-1], {"true": True, "false": False}.get(value, value) if each.type == "boolean" else value
            )
    return document


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

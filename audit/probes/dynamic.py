"""Statements that a function puts together out of its arguments: the names of tables and columns that it takes.

``execute format('select … from public.%I where id = %L', p_table, p_id)`` is read as if it said ``from public.p_table
where id = p_id``; so is what is put together with ``||``. What stands where a table or a column stands is one.
Source: https://www.postgresql.org/docs/current/plpgsql-statements.html#PLPGSQL-STATEMENTS-EXECUTING-DYN
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from audit.probes.arguments import MARK, Values, marked
from audit.sql_text import listed

_LITERAL = r"'(?:[^']|'')*'|\$(?P<tag>\w*)\$(?:(?!\$(?P=tag)\$).)*\$(?P=tag)\$"
_JOINED = re.compile(r"'\s*\|\|\s*'")
_FORMAT = re.compile(rf"\bformat\s*\(\s*(?P<template>{_LITERAL})\s*,", re.IGNORECASE | re.DOTALL)
_SPEC = re.compile(r"%(?:(?P<n>\d+)\$)?-?\d*(?P<kind>[sIL%])")
_BETWEEN = re.compile(
    r"'\s*\|\|\s*(?:(?:pg_catalog\s*\.\s*)?quote_(?:ident|literal|nullable)\s*\(\s*)?(\$?[\w.]+)(?:\s*::\s*\w+)?\s*\)?"
    r"\s*(?:\|\|\s*'|(?=[;)]|\s*\b(?:using|into|loop)\b))",
    re.IGNORECASE,
)
_USING = re.compile(r"\busing\s+", re.IGNORECASE)
_EXECUTE = re.compile(r"\bexecute\b[^;]*", re.IGNORECASE)
# What a name stands for by what stands before and after it.
_TABLE = re.compile(
    rf"\b(?:from|join|update|into|table)\s+(?:only\s+)?(?:(?:\"?\w+\"?|{MARK})\s*\.\s*)?\"?{MARK}\"?(?!\s*\.)",
    re.IGNORECASE,
)
_SCHEMA = re.compile(rf"\b(?:from|join|update|into|table)\s+(?:only\s+)?\"?{MARK}\"?\s*\.", re.IGNORECASE)
_SELECTED = re.compile(
    rf"\bselect\s+(?:[^;]*?,\s*)?(?:\w+\s*\.\s*)?\"?{MARK}\"?(?:\s*::\s*\w+)?\s*(?:,|\bfrom\b|\binto\b)", re.IGNORECASE
)
_WRITTEN = re.compile(rf"(?:\bset\s+|,\s*)\"?{MARK}\"?\s*=|\binto\s+[^;(]*\([^;)]*{MARK}", re.IGNORECASE)
_COMPARED = re.compile(
    rf"\b(?:where|and|or|on)\s+\(?\s*(?:\w+\s*\.\s*)?\"?{MARK}\"?(?:\s*::\s*\w+)?\s*(?:=|in\b|i?like\b)", re.IGNORECASE
)
MOST_TABLES, MOST_COLUMNS = 5, 2
# Of a body; foreign text is not searched without an end.
LONGEST = 40_000
_UNLIKELY = re.compile(r"^[0-9a-f]{8}-[0-9a-f-]{27}$|^\d{4}-\d\d-\d\d|^.{0,5}$", re.DOTALL)


@dataclass(frozen=True)
class Named:
    """What the arguments of a function, by their places, stand for in statements that it puts together.

    ``keys`` are columns that rows are looked for by, ``selected`` and ``written`` those that are read or changed;
    ``compared`` says for other arguments which column they are a value of: by name, or by an argument's place.
    """

    tables: frozenset[int]
    schemas: frozenset[int]
    keys: frozenset[int]
    selected: frozenset[int]
    written: frozenset[int]
    compared: Mapping[int, str | int]

    def __bool__(self) -> bool:
        return bool(self.tables or self.keys or self.selected or self.written)


def unfolded(text: str) -> str:
    """Return a body in which statements stand as they would be with the arguments' names in their places."""
    text = _JOINED.sub("", text[:LONGEST])
    for match in reversed([*_FORMAT.finditer(text)]):
        given = listed(text, match.end())
        end = match.end() + sum(map(len, given)) + len(given) - 1
        text = text[: match.start()] + " " + _filled(match["template"], given) + " " + text[end + 1 :]
    for match in reversed([*_EXECUTE.finditer(text)]):
        statement = match[0]
        using = [*_USING.finditer(statement)]
        if using and "$" in statement:
            given = listed(statement, using[-1].end())
            said = statement[: using[-1].start()]
            known = {f"${place}": value.strip() for place, value in enumerate(given, 1)}
            said = re.sub(r"\$\d+", partial(_replaced, known), said)
            text = text[: match.start()] + said + text[match.end() :]
    return _BETWEEN.sub(r" \1 ", text)


def _replaced(known: Mapping[str, str], match: re.Match[str]) -> str:
    return known.get(match[0], match[0])


def _filled(template: str, given: Sequence[str]) -> str:
    inner = template[1:-1].replace("''", "'") if template[0] == "'" else template[template.index("$", 1) + 1 :]
    inner = inner if template[0] == "'" else inner[: inner.rindex("$", 0, len(inner) - 1)]
    places = iter(range(len(given)))

    def value(match: re.Match[str]) -> str:
        if match["kind"] == "%":
            return "%"
        place = int(match["n"]) - 1 if match["n"] else next(places, len(given))
        if not 0 <= place < len(given):
            return match[0]
        # A name that is written out is one without its quotes; an argument is no part of a longer name.
        return (
            given[place].strip().strip("'")
            if match["kind"] == "I" and "'" in given[place]
            else f" {given[place].strip()} "
        )

    return _SPEC.sub(value, inner)


@lru_cache(maxsize=2048)
def named(text: str, function: str, names: tuple[str | None, ...]) -> Named:
    """Return what the arguments stand for in an unfolded body."""
    found: dict[str, set[int]] = {kind: set() for kind in ("tables", "schemas", "keys", "selected", "written")}
    patterns = (
        ("tables", _TABLE), ("schemas", _SCHEMA), ("keys", _COMPARED), ("selected", _SELECTED), ("written", _WRITTEN)
    )  # fmt: skip
    for place, name in enumerate(names):
        with_mark = marked(text, function, place + 1, name)
        for kind, pattern in patterns:
            if MARK in with_mark and pattern.search(with_mark):
                found[kind].add(place)
    identifiers = set().union(*found.values())
    compared: dict[int, str | int] = {}
    for place, name in enumerate(names):
        if place in identifiers:
            continue
        with_mark = marked(text, function, place + 1, name)
        match = re.search(rf"\"?(\w+)\"?(?:\s*::\s*\w+)?\s*=\s*(?:any\s*\(\s*)?{MARK}", with_mark)
        if match:
            column = match[1]
            others = {(other or "").lower(): at for at, other in enumerate(names) if at in identifiers}
            compared[place] = others.get(column.lower(), column)
    return Named(**{kind: frozenset(places) for kind, places in found.items()}, compared=compared)


def named_calls(
    its: Named, rows: Sequence[Mapping[str, Any]], candidates: Sequence[Sequence[str | None]]
) -> Iterator[Values]:
    """Yield values for all arguments: a table, a column of it, and what names one of its ``rows``.

    ``rows`` have their ``relation``, ``relname``, the name of their ``key`` and their ``content``.
    """
    tables: dict[str, None] = {}
    for row in rows:
        if row["relation"] in tables or len(tables) == MOST_TABLES:
            continue
        tables[row["relation"]] = None
        content: Mapping[str, Any] = row["content"]
        likely = [
            column
            for column, value in content.items()
            if isinstance(value, str) and not _UNLIKELY.search(value) and column != row["key"]
        ]
        columns: Sequence[str | None] = (likely or [*content])[:MOST_COLUMNS] if its.selected | its.written else (None,)
        for column in columns:
            yield tuple(_value(its, place, row, column, known) for place, known in enumerate(candidates))


def _value(
    its: Named, place: int, row: Mapping[str, Any], column: str | None, candidates: Sequence[str | None]
) -> str | None:
    key: str | None = row["key"]
    content: Mapping[str, Any] = row["content"]
    if place in its.tables:
        return str(row["relname"])
    if place in its.schemas:
        return str(row["relation"]).partition(".")[0]
    if place in its.keys:
        return key
    if place in its.selected or place in its.written:
        return column
    of = its.compared.get(place)
    if isinstance(of, int):
        if of in its.written:
            return "made up"
        of = key
    value = content.get(of) if of else None
    if value is None or isinstance(value, dict | list):
        return next(iter(candidates), None)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "{" + text + "}" if (next(iter(candidates), None) or "").startswith("{") else text

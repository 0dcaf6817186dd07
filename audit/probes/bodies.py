"""Errors that a body makes by itself, whatever it is given; and bodies that no longer pass such errors over.

A column that must be filled and that an insert leaves out, a literal that no check takes, a word in the place of a
number: no argument mends that. What a body is refused for the sake of its arguments, or of a row that is not there, is
another matter, and not told here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from audit.sql_text import listed, tokens

# Not-null, check and input syntax (https://www.postgresql.org/docs/current/errcodes-appendix.html).
OWN_CODES = frozenset(("23502", "23514", "22P02", "22007"))

# The columns of check constraints, by the names that messages have.
CHECKS = """
select c.relname::text, k.conname::text, array(
    select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum = any (k.conkey))
from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
where k.contype = 'c'
"""

_MISSING = re.compile(r'null value in column "(?P<column>.+)" of relation "(?P<table>.+)" violates not-null constraint')
_CHECKED = re.compile(r'new row for relation "(?P<table>.+)" violates check constraint "(?P<check>.+)"')
_MISREAD = re.compile(r'invalid input (?:syntax|value) for .*?: "(?P<value>.*)"', re.DOTALL)
# Statements of a body are numbered, those that change rows from here on.
_FIRST_UPDATE = 10_000
_INSERT = re.compile(
    r"\binsert\s+into\s+(?:\"?\w+\"?\s*\.\s*)?\"?(?P<table>\w+)\"?(?:\s+as\s+\w+)?\s*\((?P<columns>[^()]*)\)"
    r"\s*(?:overriding\s+\w+\s+value\s*)?(?P<how>values\s*\(|select\b|\(|with\b|default\b)?",
    re.IGNORECASE,
)
_UNLISTED = r"\binsert\s+into\s+(?:\"?\w+\"?\s*\.\s*)?\"?{}\"?(?:\s+as\s+\w+)?\s*(?:values|select|default|with)\b"
_UPDATE = re.compile(
    r"\bupdate\s+(?:only\s+)?(?:\"?\w+\"?\s*\.\s*)?\"?(?P<table>\w+)\"?(?:\s+(?:as\s+)?(?!set\b)\w+)?\s+set\s+",
    re.IGNORECASE,
)
_LITERAL = re.compile(r"\s*(?:'(?:[^']|'')*'|-?\d+(?:\.\d+)?|null|true|false)(?:\s*::\s*[\w. ]+)?\s*", re.IGNORECASE)
_CALLER = re.compile(r"\s*(?:auth\s*\.\s*uid\s*\(\s*\)|\(\s*select\s+auth\s*\.\s*uid\s*\(\s*\)\s*\))\s*", re.IGNORECASE)
# What goes on to the caller although the body would have passed it over.
_RAISED = "if sqlstate ~ '^(42(?!501)|3F|23502|23514)' then raise; end if;"


class Assigned(NamedTuple):
    """A column that a statement writes, and what it writes there; ``statement`` numbers the statements."""

    statement: int
    table: str
    column: str
    value: str


def by_itself(
    code: str, message: str, text: str, checks: Mapping[tuple[str, str], Sequence[str]], *, alone: bool
) -> bool:
    """Tell whether a body fails whatever it is given. ``alone``: there is no caller, whose id is null then."""
    if code in ("22P02", "22007"):
        found = _MISREAD.search(message)
        return bool(found and found["value"] and f"'{found['value']}'" in text)
    if code == "23502":
        found = _MISSING.search(message)
        return found is not None and _left_out(found["table"].lower(), found["column"].lower(), text, alone=alone)
    found = _CHECKED.search(message)
    if code != "23514" or not found:
        return False
    return _never_passes(found["table"].lower(), checks.get((found["table"], found["check"]), ()), text)


def _left_out(table: str, column: str, text: str, *, alone: bool) -> bool:
    if re.search(_UNLISTED.format(re.escape(table)), text, re.IGNORECASE):
        return False
    written = [each for each in assigned(text) if each.table == table]
    theirs = [each.value for each in written if each.column == column]
    if not theirs:
        return bool(written)
    return all(each.strip().lower() == "null" or (alone and bool(_CALLER.fullmatch(each))) for each in theirs)


def _never_passes(table: str, columns: Sequence[str], text: str) -> bool:
    by_statement: dict[int, dict[str, str]] = {}
    for each in assigned(text):
        if each.table == table:
            by_statement.setdefault(each.statement, {})[each.column] = each.value
    about = {number: given for number, given in by_statement.items() if {*columns} & {*given}}
    # What an UPDATE leaves as it is, the row says, which may be a made-up one.
    return bool(about) and all(
        all(_LITERAL.fullmatch(given[column]) for column in columns if column in given)
        and (number < _FIRST_UPDATE or {*columns} <= {*given})
        for number, given in about.items()
    )


def assigned(text: str) -> Iterator[Assigned]:
    """Yield the columns that a body writes, with what it writes there, as far as both are listed."""
    for number, insert in enumerate(_INSERT.finditer(text)):
        columns = [each.strip().strip('"').lower() for each in insert["columns"].split(",")]
        how = (insert["how"] or "").lower()
        values = listed(text, insert.end()) if how.startswith(("values", "select")) else []
        for place, column in enumerate(columns):
            known = values[place] if len(values) == len(columns) else "?"
            yield Assigned(number, insert["table"].lower(), column, known)
    for number, update in enumerate(_UPDATE.finditer(text), _FIRST_UPDATE):
        for each in listed(text, update.end(), ends=r"\s(?:from|where|returning)\b"):
            column, equals, value = each.partition("=")
            if equals and re.fullmatch(r"\s*\"?\w+\"?\s*", column):
                yield Assigned(number, update["table"].lower(), column.strip().strip('"').lower(), value)


def outspoken(text: str) -> str | None:
    """Return a body in PL/pgSQL that lets go on what it would pass over, or None where it passes nothing over."""
    found = list(tokens(text))
    places = [
        behind.end
        for word, others, behind in zip(found, found[1:], found[2:], strict=False)
        if word.word == "when" and others.word == "others" and behind.word == "then"
    ]
    for place in reversed(places):
        text = f"{text[:place]} {_RAISED} {text[place:]}"
    return text if places else None

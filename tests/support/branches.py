"""The branches of conditions in SQL text: where each AND and OR has its operands, and what is left without one.

The text is cut into words, quoted things and parentheses, and never parsed: what the server itself prints is in full
parentheses, and of what a person wrote in a function the same rule of precedence finds the operands. A change that
is no SQL is refused by the server, so that a text that is misread makes no mutant, and never a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_TOKEN = re.compile(
    r"""\s+|--[^\n]*|/[*].*?[*]/|e'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?P<tag>[$]\w*[$]).*?(?P=tag)"""
    r"|[^\W\d][\w$]*|\d[\w.]*|:=|.",
    re.IGNORECASE | re.DOTALL,
)

# Where one condition ends and another may begin, on one level of parentheses.
# fmt: off
_BOUNDARIES = frozenset([
    "where", "on", "having", "when", "then", "else", "elsif", "elseif", "end", "case", "if", "while", "loop",
    "return", "returning", "query", "select", "perform", "from", "join", "left", "right", "full", "inner", "cross",
    "natural", "group", "order", "limit", "offset", "for", "union", "except", "intersect", "window", "set", "values",
    "using", "begin", "declare", "as", "into", "raise", "insert", "update", "delete", "distinct", "by", "desc", "asc",
    ";", ",", ":=",
])
# fmt: on
_FILTERS = frozenset(["where", "having"])
_QUESTIONS = frozenset(["if", "elsif", "elseif", "while"])


class Change(NamedTuple):
    """One condition of a text replaced: ``text`` is the whole text then, ``what`` names the condition."""

    what: str
    text: str


@dataclass
class _Level:
    """What stands between two parentheses: tokens as (word, begin, end), inner levels as (level, begin, end)."""

    items: list[tuple[str | _Level, int, int]] = field(default_factory=list)


def _levels(text: str) -> _Level:
    stack = [_Level()]
    begins = [0]
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word.isspace() or word.startswith(("--", "/*")):
            continue
        if word == "(":
            stack.append(_Level())
            begins.append(token.start())
        elif word == ")" and len(stack) > 1:
            inner = stack.pop()
            stack[-1].items.append((inner, begins.pop(), token.end()))
        else:
            stack[-1].items.append((word.lower(), token.start(), token.end()))
    return stack[0]


def changes(text: str) -> Iterator[Change]:
    """Yield the text without each operand of an OR, without each of an AND, and without each condition of one part.

    An operand of an OR becomes false and one of an AND true, which is what leaving it out means. A WHERE of one
    condition becomes true, an IF false: what it filtered or guarded, it does no more.
    """
    for begin, end, value in _spans(_levels(text)):
        gone = re.sub(r"\s+", " ", text[begin:end]).strip()
        yield Change(f"without {gone}", f"{text[:begin]}{value}{text[end:]}")


def _spans(level: _Level) -> Iterator[tuple[int, int, str]]:
    for first, segment in _segments(level):
        yield from _of_segment(first, segment)
    for item, _, _ in level.items:
        if isinstance(item, _Level):
            yield from _spans(item)


def _segments(level: _Level) -> Iterator[tuple[str, list[tuple[str | _Level, int, int]]]]:
    """Yield the parts of a level that one condition can be, each with the word that leads to it."""
    first: str = "("
    segment: list[tuple[str | _Level, int, int]] = []
    items = level.items
    for n, item in enumerate(items):
        word = item[0]
        after = items[n + 1][0] if n + 1 < len(items) else ""
        function = word in ("left", "right") and isinstance(after, _Level)
        distinct = word in ("distinct", "from") and "is" in [each[0] for each in items[max(0, n - 3) : n]]
        if isinstance(word, str) and word in _BOUNDARIES and not function and not distinct:
            yield first, segment
            first, segment = word, []
        else:
            segment.append(item)
    yield first, segment


def _of_segment(first: str, segment: list[tuple[str | _Level, int, int]]) -> Iterator[tuple[int, int, str]]:
    branches = _split(segment, "or")
    if len(branches) > 1:
        for branch in branches:
            yield branch[0][1], branch[-1][2], "false"
    for branch in branches:
        parts = _split(branch, "and")
        if len(parts) > 1:
            for part in parts:
                yield part[0][1], part[-1][2], "true"
    if segment and (first in _QUESTIONS or (first in _FILTERS and not _is_and(segment))):
        yield segment[0][1], segment[-1][2], " false" if first in _QUESTIONS else " true"


def _is_and(segment: list[tuple[str | _Level, int, int]]) -> bool:
    """Tell whether a condition is an AND at its top: without each of its parts, nothing is left to try."""
    while len(segment) == 1 and isinstance(segment[0][0], _Level):
        segment = segment[0][0].items
    return len(_split(segment, "or")) == 1 and len(_split(segment, "and")) > 1


def _split(segment: list[tuple[str | _Level, int, int]], word: str) -> list[list[tuple[str | _Level, int, int]]]:
    parts: list[list[tuple[str | _Level, int, int]]] = [[]]
    between = 0
    for item in segment:
        if item[0] == "between":
            between += 1
        if item[0] == word and not (word == "and" and between):
            parts.append([])
            continue
        if item[0] == "and" and between:
            between -= 1
        parts[-1].append(item)
    return parts if all(parts) else [segment]

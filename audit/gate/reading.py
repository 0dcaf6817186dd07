"""What the text of a statement says: only what the server does not tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from audit.sql_text import STRING, Statement, Token, tokens

# Names of savepoints are cut like all others: https://www.postgresql.org/docs/current/sql-syntax-lexical.html
_LONGEST_NAME = 63
_DEPTH = 4


def code(text: str, depth: int = _DEPTH) -> Iterator[Token]:
    """Yield the tokens of a statement, and in place of its literals those of the code that they may hold."""
    for token in tokens(text):
        if token.kind is STRING and depth and any(map(str.isspace, token.value)):
            yield from code(token.value, depth - 1)
        else:
            yield token


def last_name(statement: Statement) -> str:
    """Return the name that a statement ends with, as the server reads it: that of a savepoint."""
    found = [token for token in tokens(statement.text) if token.name]
    name = found[-1].name if found else ""
    return name.encode()[:_LONGEST_NAME].decode("utf-8", "ignore")


def in_order(found: Sequence[Token], *signs: str) -> bool:
    """Tell whether these words or marks stand one directly after the other."""
    told = [token.sign for token in found]
    return any(tuple(told[at : at + len(signs)]) == signs for at in range(len(told) - len(signs) + 1))


def overwrites(text: str) -> bool:
    """Tell whether an insert changes rows that are there: by ON CONFLICT DO UPDATE."""
    return in_order(list(tokens(text)), "do", "update")


def only_adds(text: str) -> bool:
    """Tell whether an insert has nothing but values in it, so that its neighbours may be looked at with it."""
    words = {token.word for token in tokens(text)}
    return "values" in words and not words & {"select", "update", "delete", "merge", "with", "table"}


def targets(found: Sequence[Token]) -> set[str]:
    """Return the names, without a schema, of the tables that code deletes from, truncates or updates."""
    names = set()
    for at, token in enumerate(found):
        rest = at + 1
        match token.sign:
            case "delete" | "merge" if rest < len(found) and found[rest].sign in ("from", "into"):
                rest += 1
            case "truncate" if rest < len(found) and found[rest].sign == "table":
                rest += 1
            case "truncate" | "update":
                pass
            case _:
                continue
        if rest < len(found) and found[rest].sign == "only":
            rest += 1
        while rest + 2 < len(found) and found[rest + 1].text == ".":
            rest += 2
        if rest < len(found) and found[rest].name:
            names.add(found[rest].name)
    return names


def into(found: Sequence[Token]) -> str:
    """Return the name, without a schema, of the table that an INSERT writes to."""
    at = next((at + 1 for at, token in enumerate(found) if token.sign == "into"), len(found))
    while at + 2 < len(found) and found[at + 1].text == ".":
        at += 2
    return found[at].name if at < len(found) else ""


def named(found: Iterable[Token]) -> set[str]:
    """Return all names in some code, keywords among them."""
    return {token.name for token in found if token.name}


# What is kept of texts that were read, so that nobody can have too much of it kept.
_KEPT, _SHORT = 4096, 20_000


def names(text: str) -> frozenset[str]:
    """Return all names in a text of the catalogue, keywords among them; it is asked for again after each statement."""
    return _names(text) if len(text) <= _SHORT else frozenset(named(code(text)))


@lru_cache(maxsize=_KEPT)
def _names(text: str) -> frozenset[str]:
    return frozenset(named(code(text)))

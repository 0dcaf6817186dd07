"""What a project's token hook makes claims of: one that is copied from user_metadata is still the user's own word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from audit.catalog.calls import Calls, Source
from audit.sql_text import listed

_USERS_WORD = re.compile(r"\b(?:raw_user_meta_data|user_metadata)\b", re.IGNORECASE)
# A document that is set: the key is the last part of the path.
_SET = re.compile(r"\b(?:pg_catalog\s*\.\s*)?jsonb_(?:set|insert|set_lax)\s*\(", re.IGNORECASE)
_BUILT = re.compile(r"\b(?:pg_catalog\s*\.\s*)?jsonb?_build_object\s*\(", re.IGNORECASE)
_PATH = re.compile(r"'\{?(?:[\w-]+\s*,\s*)*([\w-]+)\}?'", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"^\s*(?:(?:declare|begin|then|else|loop)\s+)*(\w+)(?:\s+[\w.]+)?\s*:?=\s*(.*)$", re.IGNORECASE | re.DOTALL
)
_INTO = re.compile(r"\binto\s+(?:strict\s+)?(\w+)", re.IGNORECASE)


def users_claims(calls: Calls) -> frozenset[str]:
    """Return the claims that hooks of the project write out of what users write about themselves."""
    return frozenset(claim for source in hooks(calls) for claim in _copied(source.plain))


def hooks(calls: Calls) -> Iterator[Source]:
    """Yield the functions that look like token hooks: by their names, and because they write claims."""
    for (kind, _), source in calls.known.items():
        ours = kind == "function" and not source.brought and source.schema not in ("auth", "storage", "realtime")
        if ours and re.search(r"hook|token|claim", source.name) and re.search(r"'\{?claims\b", source.plain):
            yield source


def _copied(text: str) -> Iterator[str]:
    """Yield the claims that a body sets to something of the users' own."""
    tainted: set[str] = set()

    def is_theirs(value: str) -> bool:
        names = {word.lower() for word in re.findall(r"\b[a-z_]\w*\b", value, re.IGNORECASE)}
        return bool(_USERS_WORD.search(value) or names & tainted)

    for statement in text.split(";"):
        setting = list(_written(statement))
        yield from (key for key, value in setting if is_theirs(value))
        if setting:
            continue
        assigned = _ASSIGNED.match(statement)
        variable = assigned or _INTO.search(statement)
        if variable and is_theirs(assigned[2] if assigned else statement):
            tainted.add(variable[1].lower())


def _written(statement: str) -> Iterator[tuple[str, str]]:
    """Yield the keys that a statement writes into documents, each with what it writes."""
    for match in _SET.finditer(statement):
        parts = listed(statement, match.end())
        path = _PATH.search(parts[1]) if len(parts) > 2 else None
        if path and path[1] not in ("claims", "app_metadata"):
            yield path[1], parts[2]
    for match in _BUILT.finditer(statement):
        parts = listed(statement, match.end())
        for key, value in zip(parts[::2], parts[1::2], strict=False):
            yield key.strip().strip("'"), value


def asks_for(row: Mapping[str, Any], claims: Collection[str]) -> bool:
    """Tell whether a policy, or what it calls, reads one of some claims. ``row`` as for ``trusts_metadata``."""
    if not claims:
        return False
    texts: Iterable[str] = [
        *(row.get(name) or "" for name in ("_using", "_check")),
        *(body[3] for body in row["_called"]),
    ]
    key = "|".join(map(re.escape, sorted(claims)))
    reading = re.compile(rf"(?:->>?\s*[(\s]*|#>>?\s*[(\s]*'\{{(?:[\w-]+,)*|,\s*)'?(?:{key})\b", re.IGNORECASE)
    return any(re.search(r"\bjwt\b|request\.jwt", text) and reading.search(text) for text in texts)

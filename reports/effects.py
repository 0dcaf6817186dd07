"""What a fix takes: which locks its statements need, and whether somebody has to decide something first.

By what PostgreSQL's manual says of each kind of statement:
https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_CODE = re.compile(r"^[ \t]*+--.*$", re.MULTILINE)
_KINDS = (
    (r"\b(create\s+(unique\s+)?|re)index\b(?!\s+concurrently)", "an index is built: writes to its table wait"),
    (r"\b(create|drop)\s+(unique\s+)?index\s+concurrently\b", "an index is built or dropped without blocking anybody"),
    (r"\balter\s+table\b.*\brow\s+level\s+security\b", "row level security goes on or off: a brief lock of its table"),
    (r"\b(create|alter|drop)\s+policy\b", "policies change: their tables are locked briefly"),
    (r"\b(grant|revoke)\b", "rights change: nobody waits, and what is taken away stops working at once"),
    (r"\balter\s+table\b(?!.*\brow\s+level\s+security\b)", "a table changes: nobody reads or writes it meanwhile"),
    (r"\b(update|delete\s+from|insert\s+into)\b", "rows change: look at them before, and keep what they were"),
    (r"\bvacuum\b(?!\s*\(?\s*full)", "tables are vacuumed: it takes time, and nobody waits"),
    (r"\b(create\s+or\s+replace|alter)\s+(function|procedure|routine)\b", "functions change: from the next call on"),
)  # fmt: skip
_FORMS = tuple((re.compile(form, re.IGNORECASE), told) for form, told in _KINDS)


def effects(fixes: Iterable[str]) -> str:
    """Say in one sentence what fixes take; "" where nothing is known of them."""
    return "; ".join(dict.fromkeys(_told(fixes)))


def _told(fixes: Iterable[str]) -> Iterator[str]:
    for fix in fixes:
        code = _CODE.sub("", fix)
        if not code.strip():
            yield "somebody has to decide: what mends it is not the same for every project"
        for form, told in _FORMS:
            if any(form.search(line) for line in code.splitlines()):
                yield told

"""What a fix is: statements or words, and whether as statements it could take away more than a leak."""

from __future__ import annotations

import re

# What takes from others, or replaces, what somebody made: for a person to decide, and so no SQL.
_HARM = re.compile(
    r"\b(drop (function|routine|trigger|table|view|column|constraint|extension|schema)|create or replace|delete from"
    r"|truncate table|disable row|rollback prepared)\b",
    re.IGNORECASE,
)
_DROPPED = re.compile(r"drop policy (?:if exists )?(\"[^\"]+\"|\S+)", re.IGNORECASE)


def is_sql(fix: str) -> bool:
    """Tell whether a fix is to be executed; one of comments alone is advice for a person."""
    return any(line.strip() and not line.lstrip().startswith("--") for line in fix.splitlines())


def harms(fix: str) -> bool:
    """Tell whether a fix that is SQL takes away more than a leak; what it drops in order to make it anew, it may."""
    sql = "\n".join(line for line in fix.splitlines() if not line.lstrip().startswith("--"))
    sql = re.sub(r"alter publication \S+ drop table", "", sql, flags=re.IGNORECASE)  # the table itself stays
    if "revoke execute" in sql and "grant execute" not in sql:
        return True
    return bool(_HARM.search(sql)) or any(f"create policy {name}" not in sql for name in _DROPPED.findall(sql))

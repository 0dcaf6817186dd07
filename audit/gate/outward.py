"""What hands rows to somebody outside of the database: by a request, another server, or a channel that anybody hears.

A rehearsal sees no request leave, and no cell of the matrix tells of one: it is read in the code. Told is what hands on
a whole row, or more of it than keys, when somebody writes (a trigger), or at once (a statement, or a job's command).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from audit.gate.reading import code
from audit.gate.results import Change, Entry
from audit.sql_text import Token

# https://supabase.com/docs/guides/database/extensions/pg_net, https://supabase.com/docs/guides/database/webhooks,
# https://supabase.com/docs/guides/database/extensions/http, https://www.postgresql.org/docs/current/dblink.html
REQUESTS = frozenset(
    {"http_post", "http_get", "http_put", "http_patch", "http_delete", "http", "http_request", "dblink", "dblink_exec"}
    | {"dblink_send_query", "dblink_open"}
)
# Whoever may connect hears what is notified: https://www.postgresql.org/docs/current/sql-notify.html
NOTIFIES = "pg_notify"
# Its last argument says whether the channel is private: https://supabase.com/docs/guides/realtime/broadcast
BROADCASTS = ("realtime", ".", "send")
WEBHOOK = "supabase_functions.http_request("
# What makes a text or a document of rows.
_GATHERING = frozenset({"to_json", "to_jsonb", "row_to_json", "jsonb_agg", "json_agg", "array_agg", "string_agg"})
_BEFORE_A_NAME = frozenset({"declare", "begin", "then", "else", "loop"})
_MOST = 200  # functions that one trigger leads to
# Of longer code only is asked whether it names what sends, and a row.
_LONGEST = 5_000
SENDING = REQUESTS | {NOTIFIES, BROADCASTS[-1]}

Entries = Mapping[str, Entry]
Code = Sequence[Token]


def sent_by_change(change: Change, entries: Entries) -> Iterator[tuple[str, str]]:
    """Yield what hands on rows from now on because of a change, and by what: triggers, or a trigger's function."""
    if change.what not in ("created", "changed") or change.after is None:
        return
    if change.kind == "trigger":
        triggers = [change.after]
    elif change.kind == "function" and change.fact("_body")[0] != change.fact("_body")[1]:
        triggers = [e for e in entries.values() if e.kind == "trigger" and f"f{e.facts['_function']}" == change.key]
    else:
        return
    for trigger in triggers:
        if trigger.facts["enabled"] != "D" and (by := _sent_by(trigger, entries)):
            yield f"trigger {trigger.title}", by


def sent_at_once(text: str) -> str:
    """Return by what a statement, or the command of a job that it makes, hands on rows; or ""."""
    return _handed(tuple(code(text)), frozenset(), rows=False)


def _sent_by(trigger: Entry, entries: Entries) -> str:
    function = entries.get(f"f{trigger.facts['_function']}")
    if function is None:
        return ""
    if function.title.startswith(WEBHOOK):
        return WEBHOOK.rstrip("(")
    body = function.facts.get("_body") or ""
    return _handed(tuple(code(body)), _passing_on(body, entries), rows=True)


def _passing_on(body: str, entries: Entries) -> frozenset[str]:
    """Return the functions that a body leads to and that send something somewhere: what they are handed leaves."""
    bodies: dict[str, list[str]] = {}
    for entry in entries.values():
        if entry.kind == "function":
            bodies.setdefault(entry.facts["_name"], []).append(entry.facts.get("_body") or "")
    calls: dict[str, frozenset[str]] = {}
    waiting = {*_named(body)} & bodies.keys()
    while waiting and len(calls) < _MOST:
        name = waiting.pop()
        calls[name] = frozenset[str]().union(*map(_named, bodies[name]))
        waiting |= (calls[name] & bodies.keys()) - calls.keys()
    found: set[str] = set()
    while more := {name for name, named in calls.items() if name not in found and named & (REQUESTS | found)}:
        found |= more
    return frozenset(found)


@lru_cache(maxsize=4096)
def _named(text: str) -> frozenset[str]:
    """Return what code calls."""
    return frozenset(token.name for token, behind in pairwise(code(text)) if behind.sign == "(")


def _handed(found: Code, passing_on: frozenset[str], *, rows: bool) -> str:
    """Return what is handed rows in some code, or "". ``rows``: ``new`` and ``old`` are rows there."""
    senders = SENDING | passing_on
    calls = [at for at, (token, behind) in enumerate(pairwise(found)) if token.name in senders and behind.sign == "("]
    if calls and len(found) > _LONGEST:
        return found[calls[0]].name if _tells(found, set(), rows=rows) else ""
    held = _holding(found, rows=rows) if calls else set()
    for at in calls:
        name, given = found[at].name, [*_arguments(found, at + 1), *_filled_in(found, at)]
        sends = name in REQUESTS | passing_on or name == NOTIFIES or _is_open(found, at, given)
        if sends and _tells(given, held, rows=rows, whole=name == NOTIFIES):
            return name
    return ""


def _is_open(found: Code, at: int, given: Code) -> bool:
    """Tell whether something is broadcast to a channel that is not private."""
    return tuple(each.sign for each in found[max(0, at - 2) : at + 1]) == BROADCASTS and any(
        each.word == "false" for each in given
    )


def _arguments(found: Code, start: int) -> Code:
    depth = 0
    for at in range(start, len(found)):
        depth += {"(": 1, ")": -1}.get(found[at].text, 0)
        if not depth:
            return found[start + 1 : at]
    return found[start + 1 :]


def _filled_in(found: Code, at: int) -> Code:
    """Return what is put into the places of a statement that is executed as text."""
    rest = _up_to_end(found, at)
    start = next((number for number, token in enumerate(rest) if token.word == "using"), len(rest))
    return rest[start + 1 :]


def _holding(found: Code, *, rows: bool) -> set[str]:
    """Return the variables that hold rows, or something made of them."""
    parts = list(_parts(found))
    held: set[str] = set()
    while more := {name for name, value in parts if name not in held and _tells(value, held, rows=rows)}:
        held |= more
    return held


def _parts(found: Code) -> Iterator[tuple[str, Code]]:
    """Yield what is assigned to which variable."""
    begun = depth = 0
    for at, token in enumerate(found):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == ";" or token.word in _BEFORE_A_NAME:
            begun, depth = at + 1, 0
        elif token.text == ":" and not depth and at > begun and at + 1 < len(found) and found[at + 1].text == "=":
            yield found[begun].name, _up_to_end(found, at + 2)
        elif token.word == "into" and at + 1 < len(found) and found[begun].word == "select":
            yield found[at + 1].name, [*found[begun:at], *_up_to_end(found, at + 2)]


def _up_to_end(found: Code, start: int) -> Code:
    end = next((at for at in range(start, len(found)) if found[at].text == ";"), len(found))
    return found[start:end]


def _tells(given: Code, held: set[str], *, rows: bool, whole: bool = False) -> bool:
    """Tell whether some code says what is in a row: more than its keys, or the ``whole`` of it."""
    for at, token in enumerate(given):
        field = given[at + 2].name if at + 2 < len(given) and given[at + 1].text == "." else ""
        if rows and token.name in ("new", "old") and (not field or not (whole or _is_key(field))):
            return True
        if token.name in held and not _is_argument(given, at):
            return True
    words = {token.word for token in given}
    return "from" in words and bool(words & _GATHERING)


def _is_argument(given: Code, at: int) -> bool:
    """Tell whether a name is only what an argument is called."""
    signs = [each.sign or each.text for each in given[at + 1 : at + 3]]
    return signs == [":", "="] or signs[:1] == ["=>"]


def _is_key(name: str) -> bool:
    return name == "id" or name.endswith("_id")

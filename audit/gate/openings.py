"""What lets somebody in and shows in no cell of the matrix: columns, what new rows begin with, settings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from audit.access.results import API_ACTORS
from audit.gate.reading import code
from audit.gate.results import Change, Entry, Reach, Reached, Step
from audit.people import CAST
from audit.sql_text import STRING, Token, tokens

Entries = Mapping[str, Entry]

# --- Columns

ROLES = tuple(dict.fromkeys(CAST[actor].role for actor in API_ACTORS))
# What is granted column by column: https://www.postgresql.org/docs/current/sql-grant.html
COMMANDS = ("select", "insert", "update")

# Names of columns by role, command and table.
Columns = Mapping[tuple[str, str, str], frozenset[str]]


def columns_granted(entries: Entries) -> Columns:
    """Return which columns the API's roles may name in a command, of the tables of which they may name any."""
    whole: dict[str, set[tuple[str, str]]] = {}
    found: dict[tuple[str, str, str], set[str]] = {}
    for entry in entries.values():
        if entry.kind != "column":
            continue
        table = f"r{entry.facts['_of']}"
        if table not in whole:
            whole[table] = _held(entries[table])
        for role, command in whole[table] | _held(entry):
            found.setdefault((role, command, entries[table].title), set()).add(entry.facts["_name"])
    return {key: frozenset(names) for key, names in found.items()}


def _held(entry: Entry) -> set[tuple[str, str]]:
    """Return which roles of the API hold which privileges on a table or column."""
    told = {str(each).removesuffix(" grantable") for each in entry.facts.get("_acl") or ()}
    return {
        (role, command)
        for role in ROLES
        for command in COMMANDS
        if {f"{role} {command.upper()}", f"public {command.upper()}"} & told
    }


def columns_opened(
    standings: Sequence[Columns], known: Collection[str], reach: Mapping[str, Reach]
) -> Iterator[list[Reached]]:
    """Tell of each file which columns it opens, of rows that people reach and that nobody has declared.

    ``standings`` are what was granted before all files, and after each of them; ``known`` are the columns that were
    there before. Whoever could name no column of a table before reaches it newly, and the cells of the matrix say so.
    """
    first, last = standings[0], standings[-1]
    for before, after in pairwise(standings):
        opened = []
        for at, names in sorted(after.items()):
            if at not in first or not _reaches(*at, reach):
                continue
            role, command, table = at
            for name in sorted((names - before.get(at, frozenset()) - first[at]) & last.get(at, frozenset())):
                if f"{table}.{name}" in known:
                    cell = f"{role}: {command} column {name} of {table}"
                    opened.append(Reached(cell, "none", "some", wider=True, undeclared=True))
        yield opened


def _reaches(role: str, command: str, table: str, reach: Mapping[str, Reach]) -> bool:
    """Tell whether people of a role reach rows of a table that nobody has declared."""
    cells = (
        reach.get(f"{actor}: {command} {table}{blind}")
        for actor in API_ACTORS
        for blind in ("", " (blind)")
        if CAST[actor].role == role
    )
    return any(cell is not None and cell.reached and cell.verdict == "UNDECLARED" for cell in cells)


# --- Rows that are found in another table, too


def joined(steps: Sequence[Step], before: Mapping[str, Reach], after: Mapping[str, Reach]) -> Iterator[Reached]:
    """Yield who reaches rows of a table by way of one that it was made a child or a partition of, and did not before.

    A query of the parent obeys the parent's policies alone.
    """
    for step in steps:
        for change in step.catalogue if not step.undone else ():
            was, now = ({*(parents or ())} for parents in change.fact("_parents"))
            for parent in sorted(now - was) if change.known and change.kind == "table" else ():
                for actor in API_ACTORS:
                    through, own = after.get(f"{actor}: select {parent}"), before.get(f"{actor}: select {change.title}")
                    old = before.get(f"{actor}: select {parent}")
                    more = through.reached - (old.reached if old else 0) if through else 0
                    if more > (own.reached if own else 0) and not _is_declared(through, old):
                        cell = f"{actor}: select {parent}, and in it {change.title}"
                        yield Reached(cell, "none" if not own or not own.reached else "some", "some", True, True)


def _is_declared(reach: Reach | None, before: Reach | None) -> bool:
    """Tell whether what is reached of a table, or more of it than before, was declared."""
    if reach is None or reach.verdict == "UNDECLARED":
        return False
    return reach.leaked <= (before.leaked if before else 0)


# --- Policies that narrow what others let through


def no_longer_narrowed(steps: Sequence[Step], reach: Mapping[str, Reach]) -> Iterator[tuple[Step, Change]]:
    """Yield the restrictive policies that are gone, or restrict nobody any more, from tables that nobody has declared.

    Who reached some rows of such a table reaches more of them then, and still only some: no cell tells of it.
    https://www.postgresql.org/docs/current/sql-createpolicy.html
    """
    tables = {cell.rpartition(" ")[2] for cell, told in reach.items() if told.verdict == "UNDECLARED"}
    changes = [(step, change) for step in steps if not step.undone for change in step.catalogue]
    instead = {_table_of(change) for _, change in changes if change.what == "created" and _narrows(change.after)}
    for step, change in changes:
        gone = change.kind == "policy" and change.known and _narrows(change.before) and not _narrows(change.after)
        if gone and _table_of(change) in tables - instead:
            yield step, change


def _narrows(policy: Entry | None) -> bool:
    if policy is None or policy.kind != "policy" or policy.facts["permissive"]:
        return False
    return any(policy.facts.get(name) not in (None, "true") for name in ("_using", "_check"))


def _table_of(change: Change) -> str:
    return change.title.rpartition(" of ")[2]


# --- What new rows begin with


def decided_by_default(change: Change, entries: Entries) -> str:
    """Return which policy or function lets new rows, or whom they stand for, do more by their new default; or ""."""
    old, new = change.fact("_default")
    if change.kind != "column" or change.what != "changed" or not change.known or old == new or not new:
        return ""
    name, table = change.own_name, entries.get(f"r{change.fact('_of')[1]}")
    if table is None:
        return ""
    before, after = _values(old or ""), _values(new)
    for title, text, called in _deciding(entries, table):
        asked = _asked_of(name, tuple(code(text)))
        if asked and called:
            asked |= _passed(entries, called)
        if asked & after and not asked & before:
            return title
    return ""


def asked_of_who_acts(entries: Entries, title: str, name: str) -> list[tuple[str, set[str]]]:
    """Return the functions and policies that let in who has a row with some values of a column, each with these values.

    What a policy asks of the very row that it is about says which rows there are to see, and not who may.
    """
    table = next((entry for entry in entries.values() if entry.title == title and entry.kind == "table"), None)
    if table is None:
        return []
    own, told = _own_name(table), []
    for by, text, called in _deciding(entries, table):
        found = tuple(code(text))
        if not called and by.endswith(f" of {title}") and own not in {token.name for token in found}:
            continue
        asked = _asked_of(name, found)
        if asked:
            told.append((by, asked | (_passed(entries, called) if called else set())))
    return told


def _values(text: str) -> set[str]:
    return literals(tuple(tokens(text)))


def literals(found: Sequence[Token]) -> set[str]:
    """Return the literals in some code; of a flag "true" or "false"."""
    told = {token.value if token.kind is STRING else token.word for token in found if _is_value(token)}
    return told - {""}


def _is_value(token: Token) -> bool:
    return token.kind is STRING or token.word in ("true", "false")


def _asked_of(name: str, found: Sequence[Token]) -> set[str]:
    """Return the values that some code may ask for of a column: all its literals, and whether it is to be true."""
    places = [at for at, token in enumerate(found) if token.name == name]
    if not places:
        return set()
    flags = {"false" if _denied(found, at) else "true" for at in places}
    return {token.value for token in found if token.kind is STRING} | flags


def _denied(found: Sequence[Token], at: int) -> bool:
    """Tell whether NOT stands before a column's name, or "= false" behind it."""
    first = at
    while first >= 2 and found[first - 1].text == ".":
        first -= 2
    while first >= 1 and found[first - 1].sign == "(":
        first -= 1
    behind = [token.sign for token in found[at + 1 : at + 3]]
    return (first >= 1 and found[first - 1].word == "not") or behind in (["=", "false"], ["is", "false"])


def _passed(entries: Entries, function: str) -> set[str]:
    """Return the literals that policies and functions hand to a function: ``has_role(team, 'admin')``."""
    texts = [
        str(entry.facts.get(fact) or "")
        for entry in entries.values()
        for fact in {"policy": ("_using", "_check"), "function": ("_body",)}.get(entry.kind, ())
    ]
    found = set()
    for text in texts:
        depth = 0
        for before, token in pairwise(code(text) if function in text else ()):
            if depth or (before.name == function and token.text == "("):
                depth += {"(": 1, ")": -1}.get(token.text, 0)
                found |= {token.value} if depth and token.kind is STRING else set()
    return found


def _deciding(entries: Entries, table: Entry) -> Iterator[tuple[str, str, str]]:
    """Yield what decides by a table's rows who reaches what: policies, and the functions that they call, by name."""
    own = _own_name(table)
    oid = next((int(key[1:]) for key, entry in entries.items() if entry is table), 0)
    bodies: dict[str, list[Entry]] = {}
    for entry in entries.values():
        if entry.kind == "function" and entry.facts.get("_body"):
            bodies.setdefault(entry.facts["_name"], []).append(entry)
    called: dict[str, None] = {}
    for entry in entries.values():
        if entry.kind != "policy":
            continue
        text = f"{entry.facts.get('_using') or ''} {entry.facts.get('_check') or ''}"
        names = {token.name for token in tokens(text)}
        called |= dict.fromkeys(sorted(names & bodies.keys()))
        if entry.facts["_of"] == oid or own in names:
            yield f"policy {entry.title}", text, ""
    seen: set[str] = set()
    while waiting := [name for name in called if name not in seen]:
        for name in waiting:
            seen.add(name)
            for entry in bodies[name]:
                names = {token.name for token in code(entry.facts["_body"])}
                called |= dict.fromkeys(sorted(names & bodies.keys()))
                if own in names:
                    yield f"function {entry.title}", entry.facts["_body"], name


def _own_name(table: Entry) -> str:
    return table.title.rpartition(".")[2].strip('"').replace('""', '"')


# --- Settings

# As whom the API's callers act, and as whom it logs in: https://supabase.com/docs/guides/database/postgres/roles
CALLERS = tuple(f"of {role}" for role in (*ROLES, "authenticator", "every role"))
_LIMITS = frozenset({"statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout"})
# Whoever has such a setting acts as somebody else, runs other code, or past triggers and foreign keys.
_OF_ANYBODY = {
    "role": "whoever logs in acts as somebody else",
    "session_authorization": "whoever logs in acts as somebody else",
    "session_preload_libraries": "its code runs in every session",
    "local_preload_libraries": "its code runs in every session",
    "session_replication_role": "triggers and foreign keys do not act",
}
# Schemas in which callers of the API cannot make anything, and that everybody's names may mean.
_PLAIN = frozenset({"$user", "public", "extensions", "pg_catalog", "graphql_public", ""})
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?")
# As long as this no caller keeps the server busy that it would matter.
_SHORT_MS = 30_000.0
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6, "d": 8.64e7, None: 1.0}


def weakened(whose: str, name: str, before: str | None, after: str | None) -> str:
    """Return what a setting of a role, or of the database, no longer keeps out; or "".

    https://www.postgresql.org/docs/current/runtime-config-client.html
    """
    whose = whose.removesuffix(" in this database")
    if name in _OF_ANYBODY:
        return _OF_ANYBODY[name] if after not in (None, "origin", "none", "", '""') else ""
    if whose not in CALLERS:
        return ""
    if name in _LIMITS:
        return "callers may keep the server busy for longer" if _longer(before, after) else ""
    if name == "row_security":
        return "what policies filter fails" if after in ("off", "false", "no", "0") else ""
    if name == "search_path":
        return "names without a schema may mean what somebody else made" if _misleads(after) else ""
    return "it says who calls where the API does not" if name.startswith("request.") and after else ""


def _longer(before: str | None, after: str | None) -> bool:
    was, is_ = (None if each is None else _ms(each) for each in (before, after))
    if is_ is None:
        return was not in (None, 0.0) and after is None
    return (is_ == 0.0 and was != 0.0) or (bool(was) and is_ > max(was or 0.0, _SHORT_MS))


def _ms(text: str) -> float:
    found = _DURATION.fullmatch(text.strip().lower())
    return float(found[1]) * _UNITS[found[2]] if found else 0.0


def _misleads(path: str | None) -> bool:
    names = [each.strip().strip('"') for each in (path or "").split(",")]
    late = "pg_catalog" in names and names[0] != "pg_catalog"
    return bool(late or {*names} - _PLAIN)

"""What the auditor and the actors share: parameters of questions, reading answers, and explaining errors safely."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import psycopg
import sqlglot
from psycopg import errors
from psycopg.rows import TupleRow
from sqlglot import exp

from audit.causes import written
from audit.evidence import NotApplicable, Row, Scalar, Unchecked, quote, safe
from audit.server_errors import describe

MOST_ROWS = 10_000

# Where a relation's name is read from, and what follows one that has no name of its own there.
READ_FROM = re.compile(r"(?<!delete )\b(from|join)\s+$", re.IGNORECASE)
ALIAS = re.compile(r"\s+(?:as\s+)?([a-z_]\w*)", re.IGNORECASE)
NO_ALIAS = frozenset(
    ("where", "join", "left", "right", "full", "inner", "cross", "natural", "on", "using", "group", "order", "limit")
)

Connection = psycopg.Connection[TupleRow]
Cursor = psycopg.Cursor[TupleRow]


class Interrupted(Unchecked):
    """A standby took its question back, because replaying the primary's log came first: it may be asked again."""


class Values(list[Any]):
    """Values that the database told, to be a parameter again: ``type`` is theirs, also where there are none."""

    def __init__(self, values: Iterable[Any], type_: str | None) -> None:
        super().__init__(values)
        self.type = type_


@dataclass(frozen=True)
class Question:
    """One SQL text with its parameters; settings and declarations are parameters under their own names."""

    text: str
    parameters: Mapping[str, Any] | None

    @classmethod
    def of(cls, text: str, known: Mapping[str, Any], given: Mapping[str, Any]) -> Question:
        """Bind ``text``. Percent signs are literal, unless the text has a ``%(name)s``: then one is written ``%%``."""
        types = {name: value.type for name, value in given.items() if isinstance(value, Values) and value.type}
        for name, type_ in types.items():
            text = text.replace(f"%({name})s", f"%({name})s::{type_}[]")
        return cls(text, {**known, **given} if "%(" in text else None)

    def wrapped(self, frame: str) -> Question:
        """Put this question where ``frame`` has ``{}``."""
        return Question(frame.replace("{}", self.text), self.parameters)

    def put(self, cursor: Cursor) -> None:
        """Send it."""
        cursor.execute(self.text, self.parameters)


def renamed(text: str, known: Mapping[str, Any]) -> str:
    """Return a text about the runbook's tables in the names that this project has for them (``renamed``).

    ``instead`` are queries: what is read from a table that this project does not have is read from such a query.
    """
    names: Mapping[str, str] = known.get("renamed", {})
    instead: Mapping[str, str] = known.get("instead", {})
    if not names:
        return text
    pattern = "|".join(re.escape(name) for name in names)

    def name(found: re.Match[str]) -> str:
        if found[1] not in instead or not READ_FROM.search(text[: found.start()]):
            return names[found[1]]
        alias = ALIAS.match(text[found.end() :])
        called = "" if alias and alias[1].lower() not in NO_ALIAS else f" as {found[1].rpartition('.')[2]}"
        return f"({instead[found[1]]}){called}"

    return re.sub(rf"(?<![\w.])({pattern})(?!\w)", name, text)


@cache
def parsed(text: str) -> tuple[exp.Expression, ...]:
    """Return the statements of a question. Raises sqlglot.errors.ParseError."""
    found = sqlglot.parse(text.replace("%%", "%"), dialect="postgres")
    return tuple(each for each in found if isinstance(each, exp.Expression))


@cache
def relations(text: str) -> list[str]:
    """Return the qualified names of the relations that a question reads or writes, in order.

    Raises sqlglot.errors.ParseError when the question cannot be parsed: such a policy is wrong.
    """
    names: dict[str, None] = {}
    for statement in parsed(text):
        local = {cte.alias_or_name for cte in statement.find_all(exp.CTE)}
        for table in statement.find_all(exp.Table):
            if table.name and table.db and table.name not in local and isinstance(table.this, exp.Identifier):
                names[f"{table.db}.{table.name}"] = None
    return list(names)


def absent(cursor: Cursor, names: Sequence[str]) -> list[str]:
    """Return which of the qualified relation names do not exist; the catalogue is readable by everybody."""
    cursor.execute(
        """
        select name from unnest(%s::text[]) as name
        where not exists (
            select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname || '.' || c.relname = name)
        """,
        [list(dict.fromkeys(names))],
    )
    return [name for (name,) in cursor.fetchall()]


def not_there(missing: Sequence[str]) -> NotApplicable:
    """Say which relations a question is about that this database does not have."""
    return NotApplicable(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not in this database")


def without_roles(known: Mapping[str, Any], of: Collection[str]) -> Unchecked | None:
    """Say that roles of the API are not here: what is asked of nobody, nobody offends; None when they are."""
    absent_ = [role for role in known.get("absent_roles", ()) if role in of]
    if not absent_:
        return None
    names = safe(" and ".join(absent_))
    return Unchecked(
        f"the API's roles are not all here: there is no {names}",
        "say in audit.toml which roles the API lets people in with: api_roles = [...]",
    )


FUNCTION_CALL = re.compile(r"\b([a-z_]\w*\.[a-z_]\w*)\s*\(")


def absent_functions(cursor: Cursor, texts: Sequence[str], known: Mapping[str, Any]) -> list[str]:
    """Return which functions of the runbook that questions call are not there at all: SCHEMA-01 tells of them."""
    relied_on = {each.removeprefix("function ").partition("(")[0] for each in known["runbook_objects"]}
    called = dict.fromkeys(name for text in texts for name in FUNCTION_CALL.findall(text) if name in relied_on)
    cursor.execute(
        """
        select name from unnest(%s::text[]) as name
        where not exists (
            select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where n.nspname || '.' || p.proname = name)
        """,
        [list(called)],
    )
    return [name for (name,) in cursor.fetchall()]


def not_asked_for(error: psycopg.Error, texts: Sequence[str], known: Mapping[str, Any]) -> NotApplicable | None:
    """Say that a question is about another project's table or function; None: this project's runbook relies on it.

    A table of that name may be here and have other columns. Only what ``runbook_objects`` does not name may be so, and
    only the question itself: what fails inside a trigger or a function is broken.
    """
    if not isinstance(error, errors.UndefinedColumn | errors.UndefinedFunction) or error.diag.context:
        return None
    names = {name for text in texts for name in (*relations(text), *FUNCTION_CALL.findall(text))}
    ours = sorted(name for name in names if name.partition(".")[0] not in (*known["platform_schemas"], "pg_catalog"))
    relied_on = {word for each in known["runbook_objects"] for word in re.split(r"[ (]", each)}
    if not ours or relied_on.intersection(ours):
        return None
    return NotApplicable(
        f"{' and '.join(ours)} {'is' if len(ours) == 1 else 'are'} not what this question is about: "
        f"{safe(error.diag.message_primary or '')}, and runbook_objects in audit.toml does not ask for it"
    )


def rows(cursor: Cursor, about: str, where: Callable[[dict[str, Any]], bool] | None = None) -> list[Row]:
    """Read the rows of an answer. Without a column ``object`` the offender is the question itself, once for all rows.

    ``where`` keeps the rows that it accepts: it is given each row by column name, and what it adds to one is told.
    """
    if cursor.description is None:
        return [] if cursor.rowcount <= 0 else [_as_one(about, cursor.rowcount)]
    names = [column.name for column in cursor.description]
    types = [column.type_code for column in cursor.description]
    given = [(values, dict(zip(names, values, strict=True))) for values in cursor.fetchall()]
    found = [(values, by_name) for values, by_name in given if where is None or where(by_name)]
    if "object" not in names:
        return [_as_one(about, len(found))] if found else []
    return [_row(names, types, values, by_name) for values, by_name in found]


def _as_one(about: str, count: int) -> Row:
    return Row(safe(about), {"rows": count}, {"object": about})


def _row(names: list[str], types: list[int], values: Sequence[Any], by_name: Mapping[str, Any]) -> Row:
    quoted = {n: quote(v, t) for n, v, t in zip(names, values, types, strict=True)}
    details = {n: _scalar(v) for n, v in by_name.items() if n not in ("object", "fix") and not n.startswith("_")}
    cause = by_name.get("_cause")
    return Row(str(by_name["object"]), details, quoted, by_name.get("fix"), cause=written(cause) if cause else None)


def _scalar(value: object) -> Scalar:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def unchecked(error: psycopg.Error) -> Unchecked:
    """Turn a server's error into the reason why a question could not be judged, with what would enable it."""
    match error:
        case errors.InsufficientPrivilege() if error.diag.source_function == "check_enable_rls":
            remedy = "audit with a role that row level security does not filter: alter role ... bypassrls"
        case errors.InsufficientPrivilege():
            remedy = "give the audit's login the right to read this (usage on the schema, select on the relation)"
        case errors.QueryCanceled():
            remedy = "raise statement_timeout_ms in audit.toml, or ask when the database is less busy"
        case errors.LockNotAvailable():
            remedy = "ask again when nobody holds a lock on the relation, or raise lock_timeout_ms in audit.toml"
        case errors.SerializationFailure() | errors.DeadlockDetected():
            remedy = "ask again, or let the standby wait longer: max_standby_streaming_delay, hot_standby_feedback"
            return Interrupted(describe(error), remedy)
        case errors.UndefinedColumn() | errors.UndefinedFunction() | errors.UndefinedTable():
            remedy = "this database's schema differs from what the question expects; see SCHEMA-01"
        case _ if error.sqlstate is None:
            remedy = "see whether the server still runs, and run the audit again"
        case _:
            remedy = ""
    return Unchecked(describe(error), remedy)


T = TypeVar("T")

# How many are asked about at first; twice as many when that was quick.
FIRST = 16
# How long the answers of those may take in all that are asked one by one.
PATIENCE_MS = 15_000


def define(cursor: Cursor, functions: str) -> None:
    """Make temporary functions (and tables) of ours, for this transaction.

    Having the server look through their bodies first would take longer than calling them does.
    """
    cursor.execute(f"set local check_function_bodies = off; {functions}; set local check_function_bodies = on")


def short_ms(known: Mapping[str, Any]) -> int:
    """Return how long one thing may take where all of them together took too long, in milliseconds."""
    return max(1, int(known["statement_timeout_ms"]) // 10)


def together(
    cursor: Cursor, names: Sequence[str], ask: Callable[[Sequence[str]], list[T]], short: int
) -> tuple[list[T], set[str]]:
    """Ask about many names at once; where that takes too long, about each alone, in ``short`` milliseconds.

    Returns the answers, and the names that gave none in time. Once those have cost all patience, nothing more is asked
    about the rest, which gave no answer either. The cursor is inside a transaction.
    """
    found: list[T] = []
    slow: set[str] = set()
    many, begun = FIRST, 0
    while begun < len(names) and not slow:
        some = names[begun : begun + many]
        begun += len(some)
        started = time.monotonic()
        try:
            with cursor.connection.transaction():
                found += ask(some)
            if time.monotonic() - started < short / 1000:
                many *= 2
        except errors.QueryCanceled:
            found += _one_by_one(cursor, some, ask, short, slow)
            # Where each has an answer, there are just too many of them.
            many = max(1, many // 4)
    return found + _one_by_one(cursor, names[begun:], ask, short, slow), slow


def _one_by_one(
    cursor: Cursor, names: Sequence[str], ask: Callable[[Sequence[str]], list[T]], short: int, slow: set[str]
) -> list[T]:
    """Ask about each name alone; add those that give no answer in time to ``slow``."""
    found: list[T] = []
    if not names:
        return found
    ((usual,),) = cursor.execute("select pg_catalog.current_setting('statement_timeout')").fetchall()
    cursor.execute(f"set local statement_timeout = {short}")
    for name in names:
        try:
            if len(slow) * short > PATIENCE_MS:
                raise errors.QueryCanceled
            with cursor.connection.transaction():
                found += ask([name])
        except errors.QueryCanceled:
            slow.add(name)
    cursor.execute("select pg_catalog.set_config('statement_timeout', %s, true)", [usual])
    return found

"""Where the statements of a runbook are tried: prepared and planned on the target, run on a disposable copy or nowhere.

On the target a statement is only ever prepared and explained, within a READ ONLY transaction that is rolled back. It is
sent by the extended protocol, in which one message holds one statement (the server refuses a second one), so that no
text, however it is quoted, becomes two. Preparing parses and analyses, and executes nothing; EXPLAIN without ANALYZE
plans. Of both the server evaluates no more than functions that are declared to change nothing, and those of the project
not even that: what calls one is planned on the copy.

On the copy (a disposable target, or the shadow of a live one) statements of some kinds are executed in a transaction
that is rolled back. What leaves a transaction or the database is executed nowhere.

Sources: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
         https://www.postgresql.org/docs/current/sql-explain.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors, generators, sql
from psycopg.pq import ExecStatus, TransactionStatus

from audit.actors import Stage
from audit.auditor import Auditor
from audit.connection import setting
from audit.evidence import Unchecked, safe
from audit.people import CAST
from audit.question import Connection, Cursor, Question
from audit.runbook.database import SEARCH_PATH, Database
from audit.runbook.statements import Slot, Written, guessed
from audit.server.rights import OWNER
from audit.server_errors import describe
from audit.sql_text import WORD, chains, tokens

# The verbs of what can be planned, and of what may be executed on a copy. All others are prepared, and no more.
PLANNED = frozenset({"select", "with", "insert", "update", "delete", "merge", "values", "table"})
RUN = frozenset(
    [
        "create",
        "alter",
        "drop",
        "comment",
        "grant",
        "revoke",
        "analyze",
        "vacuum",
        "reindex",
        "refresh",
        "cluster",
        "lock",
        "truncate",
        "set",
        "reset",
        "show",
        "do",
        "call",
    ]
)
# What these make or change is outside of the database, or outside of any transaction.
_OUTSIDE = frozenset(
    [
        "database",
        "tablespace",
        "subscription",
        "system",
        "server",
        "user",
        "foreign",
        "event",
        "language",
        "extension",
        "publication",
        "access",
        "cast",
    ]
)
TRANSACTION = frozenset({"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "prepare"})

_SPACE = r"(?:\s|--[^\n]*\n|/\*.*?\*/)"
_EXPLAIN = re.compile(
    rf"explain(?:{_SPACE}*\([^()]*\)|(?:{_SPACE}+(?:analyze|verbose)\b)*){_SPACE}*", re.IGNORECASE | re.DOTALL
)
_VACUUM = re.compile(
    rf"vacuum(?:{_SPACE}*\([^()]*\)|(?:{_SPACE}+(?:full|freeze|verbose|analyze)\b)*)", re.IGNORECASE | re.DOTALL
)

# Categories of types, and a value of each. https://www.postgresql.org/docs/current/catalog-pg-type.html
_BY_CATEGORY = {"B": "true", "D": "2000-01-01", "N": "1", "T": "1 hour", "I": "127.0.0.1", "A": "{}", "R": "empty"}
_BY_NAME = {"json": "{}", "jsonb": "{}", "bytea": "\\x", "xml": "<a/>", "time": "00:00", "timetz": "00:00+00"}
_TYPE = """
select t.typname::text, t.typcategory::text, pg_catalog.format_type(t.oid, null),
       (select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder limit 1)
from pg_catalog.pg_type t where t.oid = %s
"""


@dataclass(frozen=True)
class Refusal:
    """What the server said against a statement: its code, its own words, and where in the statement, from 0 (or -1).

    ``role`` is the role that the block had taken on, or ""; ``inside`` the line of a block of code that failed, or 0.
    """

    state: str
    message: str
    offset: int
    role: str = ""
    hint: str = ""
    inside: int = 0

    @property
    def duplicate(self) -> bool:
        """It says that what is to be made is there already."""
        return self.state in ("42P07", "42710", "42723", "42P06", "42P04", "42701", "42712")

    @property
    def missing(self) -> bool:
        """It says that something is not there."""
        return self.state in ("42P01", "42883", "42704", "3F000", "42703")


@dataclass(frozen=True)
class Planned:
    """A statement that can be planned: how it reads filled in, and the server's plan of it."""

    text: str
    plan: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows the planner expects to be changed."""
        inner: Sequence[Mapping[str, Any]] = self.plan.get("Plans", ())
        return max((int(each.get("Plan Rows", 0)) for each in inner), default=0)


@dataclass(frozen=True)
class Samples:
    """Names of objects that are there, for places that stand for a name."""

    names: Mapping[str, str]

    def __getitem__(self, kind: str) -> str:
        if kind not in self.names:
            raise Unchecked(f"the database has no {kind} that could stand for the name to fill in")
        return self.names[kind]


_SAMPLES = """
with chosen as (
    select c.oid, n.nspname, c.relname
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname = any (%(exposed)s)
    order by (exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid)) desc,
             (exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)) desc,
             c.relname
    limit 1
)
select 'table', oid::pg_catalog.regclass::text from chosen
union all select 'schema', pg_catalog.quote_ident(nspname) from chosen
union all (select 'column', pg_catalog.quote_ident(a.attname) from chosen, pg_catalog.pg_attribute a
           where a.attrelid = chosen.oid and a.attnum > 0 and not a.attisdropped order by a.attnum desc limit 1)
union all (select 'index', x.indexrelid::pg_catalog.regclass::text from chosen, pg_catalog.pg_index x
           where x.indrelid = chosen.oid
           order by exists (select from pg_catalog.pg_constraint k where k.conindid = x.indexrelid), 2 limit 1)
union all (select 'policy', pg_catalog.quote_ident(p.polname) from chosen, pg_catalog.pg_policy p
           where p.polrelid = chosen.oid order by 2 limit 1)
union all (select 'trigger', pg_catalog.quote_ident(t.tgname) from chosen, pg_catalog.pg_trigger t
           where t.tgrelid = chosen.oid and not t.tgisinternal order by 2 limit 1)
union all (select 'constraint', pg_catalog.quote_ident(k.conname) from chosen, pg_catalog.pg_constraint k
           where k.conrelid = chosen.oid order by k.contype = 'p', 2 limit 1)
union all (select 'function', p.oid::pg_catalog.regprocedure::text from pg_catalog.pg_proc p
           join pg_catalog.pg_namespace n on n.oid = p.pronamespace
           where n.nspname = any (%(exposed)s) and p.prokind = 'f' order by 2 limit 1)
union all (select 'view', c.oid::pg_catalog.regclass::text from pg_catalog.pg_class c
           join pg_catalog.pg_namespace n on n.oid = c.relnamespace
           where n.nspname = any (%(exposed)s) and c.relkind = 'v' order by 2 limit 1)
union all (select 'sequence', c.oid::pg_catalog.regclass::text from pg_catalog.pg_class c
           join pg_catalog.pg_namespace n on n.oid = c.relnamespace
           where n.nspname = any (%(exposed)s) and c.relkind = 'S' order by 2 limit 1)
union all (select 'publication', pg_catalog.quote_ident(p.pubname) from pg_catalog.pg_publication p order by 2 limit 1)
union all (select 'extension', pg_catalog.quote_ident(e.extname) from pg_catalog.pg_extension e order by 2 limit 1)
union all select 'database', pg_catalog.quote_ident(pg_catalog.current_database())
"""


class Desk:
    """Tries statements, block by block. ``stage`` returns where they may be executed, and may raise Unchecked.

    ``person`` is the id that stands for people's; ``made`` are the statements with which earlier blocks make something;
    ``reach`` is what people see on the untouched copy, once somebody has looked.
    """

    def __init__(self, auditor: Auditor, stage: Callable[[], Stage], person: str = CAST["alice"].id or "") -> None:
        self.auditor = auditor
        self._stage = stage
        self.person = person
        self.made: list[str] = []
        self.reach: Mapping[tuple[str, str], int] | None = None
        self._samples: Samples | None = None

    @contextmanager
    def target(self) -> Iterator[Cursor]:
        """Open a READ ONLY transaction on the target that is rolled back, and that looks where people look."""
        with self.auditor.asking(Question("select", None), foreign=True) as cursor:
            cursor.execute(setting({"search_path": ", ".join(SEARCH_PATH), "row_security": "on"}))
            yield cursor

    def samples(self) -> Samples:
        """Return names for places that stand for one."""
        if self._samples is None:
            with self.target() as cursor:
                cursor.execute(_SAMPLES, {"exposed": self.auditor.known["exposed"]})
                self._samples = Samples(dict(cursor.fetchall()))
        return self._samples

    def stage(self) -> Stage:
        """Return where statements may be executed. Raises Unchecked."""
        return self._stage()

    def prepared(self, cursor: Cursor, text: str) -> list[int] | Refusal:
        """Have the server parse and analyse one statement; return the types of its parameters. It executes nothing."""
        connection = cursor.connection
        try:
            with connection.transaction():
                connection.pgconn.send_prepare(b"", text.encode(), None)
                _answer(connection)
                connection.pgconn.send_describe_prepared(b"")
                described = _answer(connection)
                return [described.param_type(at) for at in range(described.nparams)]
        except (errors.QueryCanceled, errors.LockNotAvailable):
            raise
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise
            return refusal(error)

    def filled(self, cursor: Cursor, written: Written) -> str | Refusal:
        """Return a statement with a value of the right type in each place, as the server tells the types.

        Raises Unchecked where a place stands for a name of which there is none.
        """
        values = [slot for slot in written.slots if slot.what == "value"]
        numbers = {slot: f"${at + 1}" for at, slot in enumerate(values)}
        types = self.prepared(cursor, self.with_values(written, numbers))
        if isinstance(types, list) and len(types) == len(values):
            typed = {slot: self._literal(cursor, slot, oid) for slot, oid in zip(values, types, strict=True)}
            return self.with_values(written, typed)
        # A type that cannot be told from where the parameter stands: words, as a person would put them in, or nothing.
        as_words = {slot: _quoted(guessed(slot, self.person)) for slot in values}
        for attempt in (as_words, dict.fromkeys(values, "null")):
            text = self.with_values(written, attempt)
            if isinstance(self.prepared(cursor, text), list):
                return text
        # With values in the places it may fail for these: what the server says of the statement itself is to be told.
        if isinstance(types, Refusal):
            return types
        raise Unchecked("the server counts other parameters in the statement than there are places to fill in")

    def with_values(self, written: Written, values: Mapping[Slot, str]) -> str:
        """Return a statement with these values, names of objects that are there, and the rest as it may be meant."""

        def fill(slot: Slot) -> str:
            if slot in values:
                return values[slot]
            if slot.what == "name":
                return self.samples()[slot.kind] if slot.kind != "role" else "authenticated"
            return guessed(slot, self.person).replace("'", "''")

        return written.filled(fill)

    def as_text(self, written: Written) -> str:
        """Return a statement that takes no parameters, filled in as a person would."""
        return self.with_values(
            written, {slot: _quoted(guessed(slot, self.person)) for slot in written.slots if slot.what == "value"}
        )

    def _literal(self, cursor: Cursor, slot: Slot, oid: int) -> str:
        ((name, category, title, label),) = cursor.execute(_TYPE, [oid]).fetchall()
        if name == "uuid":
            value = self.person
        elif label is not None:
            value = label
        elif name in _BY_NAME:
            value = _BY_NAME[name]
        elif category in _BY_CATEGORY:
            value = _BY_CATEGORY[category]
        elif category == "S":
            value = guessed(slot, self.person)
        else:
            return f"null::{title}"
        return f"{_quoted(value)}::{title}"

    def explained(self, cursor: Cursor, text: str) -> Mapping[str, Any] | Refusal:
        """Have the server plan one statement that it has prepared before."""
        connection = cursor.connection
        try:
            with connection.transaction():
                # In binary form answers come by the extended protocol only. ANALYZE among the options counts as given
                # here, and behind them it is an error of syntax.
                with connection.cursor(binary=True) as planning:
                    planning.execute(f"explain (analyze false, format json) {text}")
                    ((plans,),) = planning.fetchall()
                plan: Mapping[str, Any] = plans[0]["Plan"]
                return plan
        except (errors.QueryCanceled, errors.LockNotAvailable):
            raise
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise
            return refusal(error)

    def calls_own(self, database: Database, text: str) -> bool:
        """Tell whether a statement calls a function that is not PostgreSQL's own."""
        return any(
            chain.after == "(" and chain.names[-1] in database.own_functions for chain in chains(list(tokens(text)))
        )


def _answer(connection: Connection) -> Any:  # noqa: ANN401 -- libpq's result
    """Wait for the answer to one message. Raises psycopg.Error."""
    (result,) = connection.wait(generators.execute(connection.pgconn))
    if result.status == ExecStatus.FATAL_ERROR:
        raise errors.error_from_result(result, encoding="utf-8")
    return result


def refusal(error: psycopg.Error, role: str = "", behind: int = 0) -> Refusal:
    """Return what the server said, in its own words: of a statement of the book, they say what the book says."""
    position = int(error.diag.statement_position or 0) - 1 - behind
    return Refusal(
        error.sqlstate or "",
        safe(" ".join((error.diag.message_primary or describe(error)).split())),
        position,
        role,
        safe(error.diag.message_hint or ""),
        int(inside[1]) if (inside := _INSIDE.search(error.diag.context or "")) else 0,
    )


# Whatever language the server speaks. https://www.postgresql.org/docs/current/plpgsql-structure.html
_INSIDE = re.compile(r"\binline_code_block\D{1,80}+(\d+)")


def _quoted(value: str) -> str:
    return sql.Literal(value).as_string(None)


def explained_part(text: str) -> int:
    """Return where the statement begins that an EXPLAIN is about; 0: it is none."""
    found = _EXPLAIN.match(text)
    return found.end() if found else 0


def runnable(written: Written) -> bool:
    """Tell whether a statement may be executed on a copy: all that it does can be undone."""
    words = written.words
    if written.verb not in RUN:
        return False
    if written.verb == "reindex":
        return not {"database", "system", "schema"}.intersection(words[1:4])
    if written.verb in ("create", "alter", "drop"):
        kind = next((word for word in words[1:] if word not in ("or", "replace", "trusted")), "")
        return kind not in _OUTSIDE
    return not (written.verb == "set" and "session" in words[1:2] and "authorization" in words[2:3])


def in_a_transaction(written: Written, text: str) -> str:
    """Return how a statement reads where it is tried in a transaction: VACUUM as ANALYZE, and nothing CONCURRENTLY."""
    if written.verb == "vacuum":
        return "analyze" + text[_vacuum_end(text) :]
    if written.verb == "refresh":
        return text
    found = [token for token in tokens(text) if token.kind is WORD and token.word == "concurrently"]
    for token in reversed(found):
        text = text[: token.start] + " " * len(token.text) + text[token.end :]
    return text


def _vacuum_end(text: str) -> int:
    found = _VACUUM.match(text)
    return found.end() if found else len("vacuum")


class Session:
    """What one block does, one statement after the other, on the copy; all of it is undone at its end."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.role = ""
        self.local = False
        self.changed = False
        self.open = False
        self.claimed = False

    @property
    def connection(self) -> Connection:
        """The copy's connection, within a transaction. Raises Unchecked."""
        stage = self.desk.stage()
        connection = stage.connection
        if not self.open:
            limits = {f"{name}_timeout": str(stage.known[f"{name}_timeout_ms"]) for name in ("statement", "lock")}
            connection.execute("savepoint book")
            connection.execute(setting({"search_path": ", ".join(SEARCH_PATH), **limits}))
            connection.execute("savepoint block")
            self.open = True
        return connection

    def close(self) -> None:
        """Undo everything."""
        if not self.open:
            return
        connection = self.desk.stage().connection
        if connection.closed or connection.info.transaction_status == TransactionStatus.IDLE:
            raise Unchecked("a statement of the runbook ended the transaction that it was tried in")
        connection.execute("rollback to savepoint book; release savepoint book")
        self.open = False

    def undo(self) -> None:
        """Undo what the block did so far: it says ROLLBACK."""
        if self.open:
            self.connection.execute("rollback to savepoint block")
        self.role, self.local, self.changed, self.claimed = "", False, False, False

    def conclude(self) -> None:
        """End what was set for the transaction alone: the block says COMMIT."""
        if self.local and self.open:
            self.connection.execute("set role none")
            self.role, self.local = "", False

    def replay(self) -> None:
        """Make what earlier blocks of the book make, as far as that can be done again."""
        for text in self.desk.made:
            self.attempt(text)

    def attempt(self, text: str, as_owner: bool = False) -> Refusal | None:
        """Execute one statement; what it did stays until the end of the block, unless it failed."""
        connection = self.connection
        try:
            with connection.transaction(), connection.cursor(binary=True) as cursor:
                if as_owner:
                    cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
                cursor.execute(text)
                if as_owner:
                    cursor.execute("set local role none")
            self.changed = True
        except psycopg.Error as error:
            if error.sqlstate is None or isinstance(error, errors.QueryCanceled | errors.LockNotAvailable):
                raise
            return refusal(error, self.role)
        return None

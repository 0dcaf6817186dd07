"""The auditor: asks the target read-only questions and brings back evidence."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from select import select
from textwrap import indent
from typing import Any, Self, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.types.json import Jsonb

from audit.connection import PLAIN, READ_ONLY, TargetError, setting
from audit.evidence import Evidence, Log, Population, Row, Unchecked, safe
from audit.footprint import Footprint
from audit.login import lacking
from audit.people import CAST
from audit.question import (
    MOST_ROWS,
    Connection,
    Cursor,
    Interrupted,
    Question,
    absent,
    absent_functions,
    not_asked_for,
    not_there,
    relations,
    renamed,
    rows,
    unchecked,
    without_roles,
)
from audit.results import UNREACHED

COUNT_UP_TO = 50_000
MOST_REASONS = 1_000

# What a transaction of ours may last, asked or idle; a server that ends one ends the session.
TRANSACTION_MS = 60_000
IDLE_MS = 30_000
TRANSACTION_TIMEOUT_SINCE = 170000
CANCEL_S = 2.0

# How long a restart may take, and how long is waited before the next try, of that or of a question.
RESTART_S = 3.0
RETRY_S = 0.25

# A question over all rows of a large table is answered in memory: what does not fit would be written to the server's
# disk. No more is taken than is needed. https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM
WORK_MEM = "64MB"

# How the planner is meant to work, whatever the login or the database has been set to, and with what anybody has.
# https://www.postgresql.org/docs/current/runtime-config-query.html#RUNTIME-CONFIG-QUERY-ENABLE
_PLANNER = r"""
select pg_catalog.set_config(s.name, case s.name when 'work_mem' then s.reset_val else s.boot_val end, true)
from pg_catalog.pg_settings s
where s.name like 'enable\_%' and s.context = 'user' and s.setting <> s.boot_val or s.name = 'work_mem'
"""

# A LIMIT makes the planner believe that some offender is found soon, and look things up one by one until then; mostly
# there is none. What is materialized is planned for all rows, and read no further than the LIMIT wants
# (https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-CTE-MATERIALIZATION).
_OFFENDERS = f"with offenders as materialized (\n{{}}\n) select * from offenders limit {MOST_ROWS}"

# Names nothing.
_NOTHING = "select"

T = TypeVar("T")

RELATION = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")


class Auditor:
    """Asks questions, each in its own short READ ONLY transaction, with everything set for that transaction alone.

    ``row_security = off`` makes a role that row level security would filter get an error instead of an empty answer
    (https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-ROW-SECURITY). On a connection that is
    inside a transaction already (the proofs) a savepoint takes the transaction's place.

    ``connect`` opens a connection in autocommit mode; it is called again when a connection was lost. ``footprint``
    counts, and ends the asking when its budget is used up.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        known: Mapping[str, Any],
        log: Log,
        name: str = "care-collective-audit",
        footprint: Footprint | None = None,
    ) -> None:
        self.connect = connect
        self.known = known
        self.log = log
        self.name = name
        self.footprint = footprint or Footprint()
        self.pipeline: psycopg.Pipeline | None = None
        # When the transaction of the question began that is being asked.
        self.begun = time.monotonic()

    def __call__(
        self,
        text: str,
        *,
        of: str,
        where: Callable[[dict[str, Any]], bool] | None = None,
        blind: str = "",
        first: str = "",
        search_path: str = "",
        **parameters: Any,  # noqa: ANN401
    ) -> Evidence:
        """Return the offenders that the query ``text`` finds, out of the population ``of``.

        ``of`` is a relation, or a query of one number whose column says what was counted. ``where`` narrows the rows
        in Python, given each as a dict. ``blind`` is a query of the reasons (its first column) why offenders may have
        gone unseen; where it has a row and nobody was found to offend, the answer proves nothing. Its second column, if
        there is one, is a statement that gives the login the right that it lacks. Settings (thresholds,
        ``exposed``, ``api_roles``, the declarations) can be named in the texts as ``%(name)s``.

        ``first`` is for what the project's own functions and views tell, which may count on a ``search_path``: a query
        of one value, which the other texts name as ``%(told)s``. Where others may create objects, whoever compares
        calls their operators; so it calls functions of pg_catalog by their full names, and nothing else of its own.

        Raises NotApplicable when a relation that the text names is not there, and Unchecked when there is no answer.
        """
        text, of, blind, first = (renamed(each, self.known) for each in (text, of, blind, first))
        texts = text + of + first
        asked_about = [*self.known["api_roles"]] if "%(api_roles)s" in texts else []
        asked_about += [person.role for person in CAST.values() if f"'{person.role}'" in texts]
        if (doubt := without_roles(self.known, asked_about)) is not None:
            raise doubt
        about = f"the auditor's question about {of if RELATION.fullmatch(of) else 'the catalogue'}"
        return _once_more(lambda: self._find(text, of, where, blind, first, search_path, parameters, about))

    def _find(
        self,
        text: str,
        of: str,
        where: Callable[[dict[str, Any]], bool] | None,
        blind: str,
        first: str,
        search_path: str,
        parameters: Mapping[str, Any],
        about: str,
    ) -> Evidence:
        doubts: list[Unchecked] = []
        grants: list[str] = []

        def kept(row: dict[str, Any]) -> bool:
            try:
                return where is None or where(row)
            except Unchecked as doubt:
                doubts.append(doubt)
                return False

        named = Question(f"{first};\n{text}" if first else text, None)
        with self.asking(named, of, foreign=bool(first), together=not first) as cursor, ExitStack() as stack:
            if first:
                parameters = {**parameters, "told": self._told(cursor, first, search_path, parameters)}
            question = Question.of(text, self.known, parameters)
            if first:
                self._bound(cursor)
            counting, looking = (stack.enter_context(cursor.connection.cursor()) for _ in range(2))
            with self._at_once():
                question.wrapped(_OFFENDERS).put(cursor)
                self._bound(counting)
                self._count(counting, of, parameters)
                self.footprint.ask(looking)
            found = rows(cursor, about, kept)
            population = self._counted(counting, of, about)
            self.footprint.told(looking)
            reasons = [doubt.reason for doubt in doubts]
            if blind and not found:
                self._bound(cursor)
                Question.of(blind, self.known, parameters).put(cursor)
                for reason, *grant in cursor.fetchmany(MOST_REASONS):
                    reasons.append(str(reason))
                    grants += [safe(str(statement)) for statement in grant if statement]
        return Evidence(
            found,
            about=about,
            log=self.log,
            population=population,
            unjudgeable=reasons[0] if reasons else "",
            grants=[*dict.fromkeys(grants)],
            question=question.text,
            counted=self._counting(of, parameters) if population.empty else "",
        )

    def _told(self, cursor: Cursor, text: str, search_path: str, parameters: Mapping[str, Any]) -> Jsonb:
        """Return what the project itself tells, asked with the search_path that it counts on."""
        cursor.execute(setting({"search_path": search_path}))
        Question.of(text, self.known, parameters).put(cursor)
        ((told,),) = cursor.fetchall()
        cursor.execute(setting({"search_path": ""}))
        return Jsonb(told)

    def scans(self, text: str, *, of: str, **parameters: Any) -> Evidence:  # noqa: ANN401
        """Return the relation ``of`` if no index can help to answer the query ``text``, else nothing.

        Sequential scans are discouraged, so that the plan tells what could serve and not what is worth while: a small
        table is read from end to end anyhow, and so is a large one of which most rows are wanted
        (https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-ENABLE-SEQSCAN).

        Raises NotApplicable when a relation that the text names is not there, and Unchecked when there is no answer.
        """
        question = Question.of(text, self.known, parameters)
        about = f"the plan of a question about {of}"

        def planned() -> tuple[dict[str, Any], Population]:
            with self.asking(question, of) as cursor:
                cursor.execute(f"{_PLANNER}; set local enable_seqscan = off")
                plan = _explained(question, cursor)
                self._bound(cursor)
                return plan, self._population(cursor, of, parameters, about)

        plan, population = _once_more(planned)
        found = [Row(of, {}, {"object": of})] if "Seq Scan" in _nodes(plan["Plan"]) else []
        return Evidence(found, about=about, log=self.log, population=population, question=text)

    def slow(self, text: str, *, of: str, over: str, **parameters: Any) -> Evidence:  # noqa: ANN401
        """Return the relation ``of`` if answering the query ``text`` takes more milliseconds than the setting ``over``.

        It is asked once more if need be: what has to come from the disk is slow the first time only. The finding has a
        fix of its own: where the time goes is for a person to find out.

        Raises NotApplicable when a relation that the text names is not there, and Unchecked when there is no answer.
        """
        question = Question.of(text, self.known, parameters)
        allowed = int(self.known[over])

        about = f"the time of a question about {of}"

        def measured() -> tuple[float, Population]:
            with self.asking(question, of) as cursor:
                population = self._population(cursor, of, parameters, about)
                cursor.execute(_PLANNER)
                self._bound(cursor)
                begun = time.monotonic()
                try:
                    took = _took(question, cursor)
                    if took > allowed:
                        self._bound(cursor)
                        took = min(took, _took(question, cursor))
                except errors.QueryCanceled:
                    # What was stopped by the time-out of statements took longer than that; others may have stopped it.
                    took = (time.monotonic() - begun) * 1000
                    if took <= allowed:
                        raise
                return took, population

        took, population = _once_more(measured)
        advice = f"It takes too long. See where the time goes:\nexplain (analyze, buffers)\n{inspect.cleandoc(text)};"
        fix = indent(advice, "-- ")
        found = [Row(of, {"milliseconds": round(took)}, {"object": of}, fix)] if took > allowed else []
        return Evidence(found, about=about, log=self.log, population=population, question=text)

    @contextmanager
    def asking(
        self, question: Question, of: str = "", *, foreign: bool = False, together: bool = False
    ) -> Iterator[Cursor]:
        """Open the guarded transaction of one question, in which nothing can be written.

        ``together``: what is said to the server travels with what is asked, and with the end, in as few round trips as
        may be (https://www.psycopg.org/psycopg3/docs/advanced/pipeline.html); each statement is one, and has the same
        limits. Who asks several things at once does so within :meth:`_at_once`. Where the time that locks are held is
        limited, each statement waits for the answer to the last one.

        Who watches a database takes rollbacks for faults, so what was answered is committed. Where ``foreign`` code
        was called it is rolled back: it may have set something for the whole session.

        Raises NotApplicable and Unchecked in place of the server's errors.
        """
        self.footprint.left_ms()
        connection = self.connect()
        nested = connection.info.transaction_status != TransactionStatus.IDLE
        begin = "savepoint question; set local transaction_read_only = on" if nested else READ_ONLY
        together = together and not nested and not self.known["lock_hold_ms"] and psycopg.Pipeline.is_supported()
        try:
            with ExitStack() as opened:
                cursor = opened.enter_context(connection.cursor())
                self.pipeline = None
                if together:
                    opened.callback(_undo, connection)
                    self.pipeline = opened.enter_context(connection.pipeline())
                self.footprint.questions += 1
                seen = self.footprint.seen
                self.begun = time.monotonic()
                guards = self._guards(connection.info.server_version)
                for statement in (begin, guards) if together else (f"{begin}; {guards}",):
                    cursor.execute(statement)
                end = "rollback"
                try:
                    yield cursor
                    if self.footprint.seen == seen:
                        self.footprint.look(cursor)
                    end = "rollback" if foreign else "commit"
                finally:
                    _end(connection, "rollback to savepoint question; release savepoint question" if nested else end)
        except (errors.UndefinedTable, errors.InvalidSchemaName) as error:
            named = relations(question.text) + [of for of in [of] if RELATION.fullmatch(of)]
            with self.asking(Question(_NOTHING, None)) as cursor:
                missing = absent(cursor, named)
            if missing:
                raise not_there(missing) from error
            raise unchecked(error) from error
        except errors.InsufficientPrivilege as error:
            raise self._barred(error, [question.text, of]) from error
        except psycopg.Error as error:
            if isinstance(error, errors.UndefinedFunction):
                with self.asking(Question(_NOTHING, None)) as cursor:
                    missing = absent_functions(cursor, [question.text, of], self.known)
                if missing:
                    raise not_there(missing) from error
            # What is left of the budget stops a statement, too, and how long a lock may be held.
            self.footprint.left_ms()
            if isinstance(error, errors.QueryCanceled) and self._held_ms() <= 1:
                hold = self.known["lock_hold_ms"]
                raise Unchecked(
                    f"it would have held a lock for longer than {hold} ms (lock_hold_ms)",
                    "raise lock_hold_ms in audit.toml, or ask when the database is less busy",
                ) from error
            raise not_asked_for(error, [question.text], self.known) or unchecked(error) from error

    def _barred(self, error: errors.InsufficientPrivilege, texts: Sequence[str]) -> Unchecked:
        """Return why the login may not ask, with the statements that would let it."""
        reason = unchecked(error)
        if texts[0] == _NOTHING:
            return reason
        with suppress(Unchecked), self.asking(Question(_NOTHING, None)) as cursor:
            grants = lacking(cursor, texts)
            return Unchecked(reason.reason, "" if grants else reason.remedy, grants)
        return reason

    def _held_ms(self) -> float:
        """Return for how many milliseconds more this question may hold its locks, which end with its transaction."""
        hold = int(self.known["lock_hold_ms"])
        return hold - (time.monotonic() - self.begun) * 1000 if hold else float("inf")

    def _timeout(self) -> str:
        left = min(self.known["statement_timeout_ms"], self.footprint.left_ms(), self._held_ms())
        return str(max(1, int(left)))

    def _bound(self, cursor: Cursor) -> None:
        """Give the next statement of a question the time that is left for its locks, where that is limited."""
        if self.known["lock_hold_ms"]:
            cursor.execute(setting({"statement_timeout": self._timeout()}))

    def _guards(self, version: int) -> str:
        guards = {
            **PLAIN,
            "statement_timeout": self._timeout(),
            "lock_timeout": str(self.known["lock_timeout_ms"]),
            "idle_in_transaction_session_timeout": str(IDLE_MS),
            "client_encoding": "UTF8",
            "search_path": "",
            "row_security": "off",
            "work_mem": WORK_MEM,
            "application_name": self.name[:63],
        }
        if version >= TRANSACTION_TIMEOUT_SINCE:
            guards["transaction_timeout"] = str(max(TRANSACTION_MS, 2 * self.known["statement_timeout_ms"]))
        return setting(guards)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Take all answers to what is asked in the body at its end, where that travels together."""
        yield
        if self.pipeline is not None:
            self.pipeline.sync()

    def _population(self, cursor: Cursor, of: str, parameters: Mapping[str, Any], about: str) -> Population:
        self._count(cursor, of, parameters)
        return self._counted(cursor, of, about)

    def _count(self, cursor: Cursor, of: str, parameters: Mapping[str, Any]) -> None:
        """Ask how large the population is."""
        if not RELATION.fullmatch(of):
            Question.of(of, self.known, parameters).put(cursor)
            return
        schema, name = of.split(".")
        relation = sql.Identifier(schema, name)
        cursor.execute(
            sql.SQL(
                """
                select (select count(*) from (select from {} limit {}) as counted),
                       (select greatest(c.reltuples, 0)::bigint from pg_catalog.pg_class c
                        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                        where n.nspname = {} and c.relname = {})
                """
            ).format(relation, COUNT_UP_TO + 1, schema, name)
        )

    def _counting(self, of: str, parameters: Mapping[str, Any]) -> str:
        """Return what a population is counted by, to be read."""
        return f"select from {of}" if RELATION.fullmatch(of) else Question.of(of, self.known, parameters).text

    def _counted(self, cursor: Cursor, of: str, about: str) -> Population:
        """Take the answer of :meth:`_count`."""
        if not RELATION.fullmatch(of):
            ((count,),) = cursor.fetchall()
            counted = cursor.description[0].name if cursor.description else of
            return Population(int(count), counted)
        ((count, estimate),) = cursor.fetchall()
        if count <= COUNT_UP_TO:
            return Population(count, of, idle=() if count else (about,))
        return Population(max(count, estimate), of, estimated=True)


def _once_more(ask: Callable[[], T]) -> T:
    """Ask, and ask again when a standby took the question back: it happens to whoever is in the way at that moment."""
    try:
        return ask()
    except Interrupted:
        time.sleep(RETRY_S)
        return ask()


def _end(connection: Connection, statement: str) -> None:
    """End a transaction of ours, and the question in it that is still being answered when the run is told to stop."""
    if connection.closed or connection.pgconn.pipeline_status == PipelineStatus.ABORTED:
        return  # what failed in a pipeline is rolled back when that has been left
    if connection.info.transaction_status == TransactionStatus.ACTIVE:
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=CANCEL_S)
        connection.close()
        return
    connection.execute(statement)


def _undo(connection: Connection) -> None:
    """Roll back a transaction of ours that failed in a pipeline."""
    if not connection.closed and connection.info.transaction_status in (
        TransactionStatus.INTRANS,
        TransactionStatus.INERROR,
    ):
        connection.execute("rollback")


def _explained(question: Question, cursor: Cursor, options: str = "") -> dict[str, Any]:
    """Return the server's plan of a query, as EXPLAIN (FORMAT JSON) gives it; times in milliseconds."""
    question.wrapped(f"explain (format json{options}) {{}}").put(cursor)
    ((plans,),) = cursor.fetchall()
    plan: dict[str, Any] = plans[0]
    return plan


def _took(question: Question, cursor: Cursor) -> float:
    """Return how long planning and executing a query take, in milliseconds."""
    plan = _explained(question, cursor, ", analyze, timing off")
    return float(plan["Planning Time"]) + float(plan["Execution Time"])


def _nodes(plan: Mapping[str, Any]) -> set[str]:
    """Return the types of a plan's nodes, at any depth."""
    return {str(plan["Node Type"])}.union(*(_nodes(below) for below in plan.get("Plans", ())))


def _is_open(connection: Connection) -> bool:
    """Tell whether a connection is there, also when the server has ended it meanwhile (idle_session_timeout)."""
    if connection.closed or connection.broken:
        return False
    if connection.info.transaction_status != TransactionStatus.IDLE or not select([connection], [], [], 0)[0]:
        return True
    # Somebody says something without being asked: mostly farewell.
    try:
        connection.execute("select")
    except psycopg.Error:
        connection.close()
        return False
    return True


class Reconnecting:
    """Opens connections for the auditor: one at a time, opened again when it was lost, but not a hundred times.

    A server or pooler that is being restarted is given a few seconds. When it does not answer by then the next attempts
    fail at once, so that a dead server costs one time-out and not one per policy.
    """

    def __init__(self, opened: Callable[[], Connection]) -> None:
        self.opened = opened
        self.connection: Connection | None = None
        self.sessions = 0
        self.dead = False

    def __call__(self) -> Connection:
        """Return the open connection. Raises Unchecked when the server cannot be reached any more."""
        if self.connection is not None and _is_open(self.connection):
            return self.connection
        if self.dead:
            raise Unchecked(UNREACHED, "see whether the server still runs")
        deadline = time.monotonic() + RESTART_S
        while True:
            try:
                self.connection = self.opened()
                if self.sessions:  # a pooler lets in, whether there is a server behind it or not
                    self.connection.execute("select")
                self.sessions += 1
                return self.connection
            except (TargetError, psycopg.Error) as error:
                if self.connection is not None:
                    self.connection.close()
                if time.monotonic() < deadline:
                    time.sleep(RETRY_S)
                    continue
                self.dead = True
                raise Unchecked(UNREACHED, "see whether the server still runs") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.connection is not None:
            self.connection.close()

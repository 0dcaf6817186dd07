"""The actors: the people and roles that the API would let in, acting on a disposable database.

Each question of an actor runs in a savepoint that is rolled back. A refusal is an answer: no rows. What is refused to
an actor is then tried as the owner of the database, so that a refusal which would have met everybody proves nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid5

import psycopg
from psycopg import errors, sql
from sqlglot import exp

from audit.completing import INSERT, completed
from audit.evidence import Evidence, Log, NotApplicable, Population, Row, Unchecked, safe
from audit.hook import headers_of, hooked
from audit.names import PROFILES
from audit.people import CAST, GROUPS, Identity
from audit.question import (
    PATIENCE_MS,
    Connection,
    Cursor,
    Question,
    Values,
    absent,
    absent_functions,
    not_asked_for,
    not_there,
    parsed,
    relations,
    renamed,
    rows,
    unchecked,
)
from audit.restrictions import lift
from audit.server_errors import describe

Claims = Literal["json", "legacy", "both"]

# How what is tried within one question is executed: by functions of the roles.
ACTING = Path(__file__).with_name("acting.sql").read_text(encoding="utf-8")

# A statement that cannot write: it begins with select, and calls no function.
PLAIN_READ = re.compile(r"\s*select\b[^(]*\Z", re.IGNORECASE)

# A statement that inserts what it says itself, whatever there is.
ONE_ROW = re.compile(r"\s*insert\s+into\b[^()]*\([^()]*\)\s*values\b", re.IGNORECASE)

IDS = {name: person.id for name, person in CAST.items()}

# Where people are, if it is there: in a table of this name whose key is the user's id.
PEOPLE = (("auth.users", "id"), (PROFILES, "id"))
KEYED = """
select from pg_catalog.pg_attribute a
where a.attrelid = pg_catalog.to_regclass(%(table)s) and a.attname = %(key)s
and a.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype
and (%(table)s = 'auth.users' or exists (
    select from pg_catalog.pg_constraint k
    where k.contype = 'f' and k.conrelid = a.attrelid and k.conkey operator(pg_catalog.=) array[a.attnum]
    and k.confrelid = pg_catalog.to_regclass('auth.users')))
"""
# Who has a key, where a project lets in whoever sends one: each another one.
KEYHOLDERS = ("alice", "stranger")
MEMBERS = frozenset(("alice", "bob", "stranger", "admin"))
NAMED = {person.id: name for name, person in CAST.items() if person.id}

# Who refused, by the function of the server that raised the error: its name does not depend on the language of
# messages.
ROW_LEVEL_SECURITY = {"ExecWithCheckOptions"}


@dataclass(frozen=True)
class Answer:
    """What came of one statement: the rows found or changed, or who refused and why."""

    rows: tuple[Row, ...] = ()
    refusal: Literal["", "grant", "row level security", "trigger", "constraint", "broken"] = ""
    message: str = ""

    @property
    def count(self) -> int:
        """The number of rows that were found or changed."""
        return sum(int(row.details.get("rows") or 1) for row in self.rows)


@dataclass(frozen=True)
class Act:
    """What somebody is to do: see :meth:`Actor.__call__`."""

    text: str
    what: str
    of: str
    then: str
    parameters: Mapping[str, Any]
    control: str = ""
    constraint_counts: bool = False
    keep: bool = False


class Stage:
    """One transaction on a disposable database in which actors act, rolled back at the end of the policy.

    ``connection`` belongs to a superuser and is inside a transaction; instead of it there may be the reason why nobody
    can act. ``unfilled`` says for tables without made-up rows why there are none, and for those of a shadow that are
    not as on the live database what is different; ``unlike`` are the latter alone, missing ones included. ``undecided``
    are conditions of policies that no row decides.
    """

    def __init__(
        self,
        connection: Connection | Unchecked,
        known: Mapping[str, Any],
        log: Log,
        unfilled: Mapping[str, str] | None = None,
        unlike: Mapping[str, str] | None = None,
        undecided: Sequence[str] = (),
    ) -> None:
        self._connection = connection
        self.known = known
        self.log = log
        self.unfilled = unfilled or {}
        self.unlike = unlike or {}
        self.undecided = undecided
        self.timeouts = 0
        self.over: Unchecked | None = None
        self.lifted = False
        # What the server wrote about each of the cast, for their tokens; known once it is known who is there.
        self.metadata: dict[str, Mapping[str, Any]] = {}

    @property
    def connection(self) -> Connection:
        """The connection to act on. Raises Unchecked where nobody can act."""
        if isinstance(self._connection, Unchecked):
            raise self._connection.again()
        return self._connection

    @property
    def doubt(self) -> str:
        """Why a look at all that is exposed proves nothing: something of it is not as on the live database; or ""."""
        exposed = tuple(f"{schema}." for schema in self.known["exposed"])
        unlike = (f"{name}: {why}" for name, why in self.unlike.items() if name.startswith(exposed))
        return safe(next(chain(unlike, self.strangers.values()), ""))

    def gap(self, looked_at: Collection[str] | None = None) -> str:
        """Why a look for people's rows proves nothing: a doubt as above, or a table in which there are none; or "".

        Of tables that nothing looked at, where it is known what was (``looked_at``), nobody misses rows.
        """
        empty = [name for name in self.unfilled if looked_at is None or name.replace('"', "") in looked_at]
        more = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
        unfilled = (f"{name} could not be filled: {self.unfilled[name]}{more}" for name in empty)
        return self.doubt or safe(next(unfilled, ""))

    @cached_property
    def strangers(self) -> dict[str, str]:
        """Who of the cast is nobody in this database, and why: their user or their profile is not there."""
        found: dict[str, str] = {}
        for table, key in PEOPLE:
            with self.connection.cursor() as cursor:
                cursor.execute(KEYED, {"table": table, "key": key})
                if cursor.fetchone() is None:
                    continue
                written = "to_jsonb(t.*) -> 'raw_app_meta_data'"
                question = f"select {key}::text, {written} from {table} t where {key} = any (%s::uuid[])"
                cursor.execute(question, [list(NAMED)])
                there: dict[str, Any] = dict(cursor.fetchall())
            self.metadata.update({NAMED[id_]: about for id_, about in there.items() if about})
            why = self.unfilled.get(table, "it has no such row")
            found |= {name: f"{name} is not in {table}: {why}" for id_, name in NAMED.items() if id_ not in there}
        return found

    def require(self, who: Identity) -> None:
        """Raise Unchecked when somebody is not who the cast says: what they may proves nothing about such people."""
        if who.id is not None and who.name in self.strangers:
            raise Unchecked(self.strangers[who.name])

    def failed(self, doubt: Unchecked, *, keep: bool) -> None:
        """Note that a statement could not be judged.

        Nobody acts any more once what was to stay does not stand, because later answers rest on it, or once time-outs
        have cost all patience.
        """
        self.timeouts += isinstance(doubt.__cause__, errors.QueryCanceled)
        if keep or self.timeouts * int(self.known["statement_timeout_ms"]) > PATIENCE_MS:
            self.over = self.over or doubt

    def actor(self, name: str, claims: Claims = "json") -> Actor:
        """Return the actor called ``name`` in the cast, or the actors of a group."""
        return Actor(tuple(CAST[each] for each in GROUPS.get(name, (name,))), self, claims)

    def claims_of(self, who: Identity | None, claims: Claims = "json") -> str:
        """Return what tells the database who is asking, with what the server wrote and access.toml says about them."""
        if who is None:
            return claims_of(None, claims)
        return claims_of(who, claims, self.written(who), self._hooked.get(who.name), self._headers.get(who.name))

    def written(self, who: Identity) -> Mapping[str, Any]:
        """Return what the server wrote into somebody's token: as it stands in auth.users, and as access.toml says."""
        if who.id is None or who.name in self.strangers:
            return {}
        return {**self.metadata.get(who.name, {}), **self.known["claims"].get(who.name, {})}

    @cached_property
    def _headers(self) -> dict[str, dict[str, str]]:
        """The headers with keys that some of the cast send, where the project knows callers by such keys."""
        return headers_of(self.connection, [name for name in KEYHOLDERS if name not in self.strangers])

    @cached_property
    def _hooked(self) -> dict[str, dict[str, Any]]:
        """What the project's own hook writes into the tokens of the cast; what access.toml says of them stays."""
        there = [who for who in CAST.values() if who.id is not None and who.name not in self.strangers]
        written = hooked(self.connection, {who.name: token_of(who, self.written(who)) for who in there})
        return {name: {**claims, **self.known["claims"].get(name, {})} for name, claims in written.items()}

    @contextmanager
    def savepoint(self, who: Identity | None, claims: Claims, *, keep: bool) -> Iterator[Cursor]:
        """Open a savepoint as ``who``; what happens in it is undone, unless ``keep`` and nothing failed."""
        # Claims first: once the role is switched, nothing says that it may still set them.
        role = sql.Identifier(who.role).as_string(None) if who else "none"
        limits = {name: int(self.known[f"{name}_ms"]) for name in ("statement_timeout", "lock_timeout")}
        guards = "; ".join(f"set local {name} = {limit}" for name, limit in limits.items())
        claimed = self.claims_of(who, claims)
        with self.connection.cursor() as cursor:
            cursor.execute(f"savepoint act; {guards}; select {claimed}; set local role {role}")
            done = False
            try:
                yield cursor
                done = keep
            finally:
                if not self.connection.closed:
                    undo = "" if done else "rollback to savepoint act;"
                    leave = f"select {claims_of(None, 'both')}; set local role none;" if done else ""
                    cursor.execute(f"{undo} {leave} release savepoint act")

    def perform(
        self,
        who: Identity | None,
        question: Question,
        about: str,
        claims: Claims = "json",
        *,
        then: Question | None = None,
        keep: bool = False,
    ) -> Answer:
        """Execute one statement as ``who`` (None: as the owner of the database, with no claims).

        ``then`` is asked by the owner afterwards, before anything is undone, and its rows are the answer.

        Raises NotApplicable when a relation that the statement names is not there, and Unchecked when the statement
        could not be judged.
        """
        try:
            with self.savepoint(who, claims, keep=keep) as cursor:
                question.put(cursor)
                found = rows(cursor, about)
                # What waits for the end of the transaction (deferred keys and triggers) belongs to a write's answer.
                if then is not None:
                    cursor.execute("set constraints all immediate; set local role none")
                    then.put(cursor)
                    found = rows(cursor, about)
                elif not PLAIN_READ.match(question.text):
                    cursor.execute("set constraints all immediate")
                return Answer(tuple(found))
        except psycopg.Error as error:
            refusal = _refusal(error)
            if who is not None and self._unfillable(who, error):
                refusal = "grant"
            if refusal:
                return Answer((), refusal, describe(error))
            texts = [each.text for each in (question, then) if each is not None]
            raise self._unanswered(texts, error) from error

    def lift_restrictions(self) -> None:
        """Take away, once, what made-up rows restrict members of the cast by: stories are about people who may act."""
        if self.lifted:
            return
        self.lifted = True
        try:
            with self.savepoint(None, "json", keep=True) as cursor:
                cursor.execute("select pg_catalog.current_setting('session_replication_role')")
                ((before,),) = cursor.fetchall()
                cursor.execute("set local session_replication_role = replica")
                lift(cursor, self.known, [id_ for name, id_ in IDS.items() if name in MEMBERS and id_])
                cursor.execute("select pg_catalog.set_config('session_replication_role', %s, true)", [before])
        except psycopg.Error:
            # Whoever is restricted still is, and is told as that.
            if self.connection.closed:
                raise

    def completed(self, who: Identity | None, question: Question) -> Question:
        """Return an insert with what this project's table must have beside, as far as it can be told."""
        if not INSERT.fullmatch(question.text):
            return question
        try:
            with self.savepoint(None, "json", keep=False) as cursor:
                return completed(cursor, question, who.role if who else None)
        except psycopg.Error:
            # Whatever is wrong with it is told by the statement itself.
            if self.connection.closed:
                raise
            return question

    def _unfillable(self, who: Identity, error: psycopg.Error) -> bool:
        """Tell whether a row lacks what must be filled because somebody may not fill it: no row of theirs gets in."""
        if not isinstance(error, errors.NotNullViolation) or error.diag.context or not error.diag.column_name:
            return False
        question = """
        select pg_catalog.has_column_privilege(%s, c.oid, a.attnum, 'insert')
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = %s
        where n.nspname = %s and c.relname = %s
        """
        with self.savepoint(None, "json", keep=False) as cursor:
            place = (error.diag.column_name, error.diag.schema_name, error.diag.table_name)
            return cursor.execute(question, [who.role, *place]).fetchone() == (False,)

    def values(self, question: Question) -> Values:
        """Return the first column of what the owner of the database is told.

        Raises NotApplicable when a relation that the question names is not there, and Unchecked when it has no answer.
        """
        try:
            with self.savepoint(None, "json", keep=False) as cursor:
                question.put(cursor)
                column = cursor.description[0].type_code if cursor.description else 0
                type_ = cursor.connection.adapters.types.get(column)
                return Values((value for value, *_ in cursor.fetchall()), type_.name if type_ else None)
        except psycopg.Error as error:
            raise self._unanswered([question.text], error) from error

    def _unanswered(self, texts: Sequence[str], error: psycopg.Error) -> NotApplicable | Unchecked:
        if isinstance(error, errors.UndefinedTable | errors.InvalidSchemaName):
            missing = absent(self.connection.cursor(), [name for text in texts for name in relations(text)])
            for name in missing:
                if name in self.unlike:
                    return Unchecked(f"{name}: {self.unlike[name]}")
            if missing:
                return not_there(missing)
        if isinstance(error, errors.UndefinedFunction):
            missing = absent_functions(self.connection.cursor(), texts, self.known)
            if missing:
                return not_there(missing)
        return not_asked_for(error, texts, self.known) or unchecked(error)


class Owner:
    """The owner of the database, who sees everything: what actors get is compared with it, and none of it is told.

    ``owner("select ...")`` returns a list of the values of the first column, to be used as a parameter.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def __call__(self, text: str, **parameters: Any) -> Values:  # noqa: ANN401
        """Return the values of the first column. People of the cast can be named: ``%(alice)s``.

        Raises NotApplicable when a relation is not there, and Unchecked when there is no answer.
        """
        text = renamed(text, self.stage.known)
        return self.stage.values(Question.of(text, {**self.stage.known, **IDS}, parameters))


class Actor:
    """One or more people of the cast. ``alice("...")`` asks; ``alice.does("...")`` acts, and what it did stays.

    ``pending | rejected`` asks both and returns what either got.
    """

    def __init__(self, people: tuple[Identity, ...], stage: Stage, claims: Claims = "json") -> None:
        self.people = people
        self.stage = stage
        self.claims = claims

    def __or__(self, other: Actor) -> Actor:
        return Actor(self.people + other.people, self.stage, self.claims)

    def via(self, claims: Claims) -> Actor:
        """Return the same people, known to the database by the ``json`` claims, the ``legacy`` claims, or ``both``."""
        return Actor(self.people, self.stage, claims)

    def __call__(
        self,
        text: str,
        *,
        what: str = "",
        of: str = "",
        then: str = "",
        control: str = "",
        constraint_counts: bool = False,
        **parameters: Any,  # noqa: ANN401
    ) -> Evidence:
        """Return what the statement ``text`` gave: the rows it found, or that it changed any. Then it is undone.

        The text can name people of the cast and the asker: ``%(alice)s``, ``%(me)s``. ``of`` says what was looked at,
        where the statement's own relation would not tell. ``then`` is a query that the owner of the database puts
        after a write and before it is undone; its rows are then the answer, for writes that a trigger may quietly take
        back. An answer without a column ``object`` is one finding, "who: command relation".

        What gave nothing is tried as the owner, to see whether there was anything. ``control`` is a query instead, for
        what the owner may not do either: its rows are what there was. ``constraint_counts``: that a constraint refused
        is an answer, too.

        A statement that could not be judged is an empty answer that proves nothing (``unjudgeable``), so that offenders
        whom others found stay found. Raises NotApplicable when a relation is not there.
        """
        return self._ask(Act(text, what, of, then, parameters, control, constraint_counts))

    def does(
        self,
        text: str,
        *,
        what: str = "",
        then: str = "",
        control: str = "",
        constraint_counts: bool = False,
        **parameters: Any,  # noqa: ANN401
    ) -> Evidence:
        """Do the same, and keep what it did until the end of the policy.

        When it could not be judged, what is asked afterwards cannot be either.
        """
        return self._ask(Act(text, what, "", then, parameters, control, constraint_counts, keep=True))

    def _ask(self, act: Act) -> Evidence:
        texts: dict[str, Any] = {
            name: renamed(getattr(act, name), self.stage.known) for name in ("text", "what", "of", "then", "control")
        }
        act = replace(act, **texts)
        answers = [self._one(person, act) for person in self.people]
        evidence = answers[0]
        for other in answers[1:]:
            evidence = evidence + other
        return evidence

    def _one(self, who: Identity, act: Act) -> Evidence:
        """Ask one person. What could not be judged is no offence, and takes no offender away that others are."""
        try:
            if self.stage.over:
                raise self.stage.over.again()
            return self._asked(who, act)
        except Unchecked as doubt:
            self.stage.failed(doubt, keep=act.keep)
            return Evidence(
                [],
                about=_about(who, act),
                log=self.stage.log,
                unjudgeable=doubt.reason,
                remedy=doubt.remedy,
                grants=doubt.grants,
                question=act.text,
            )

    def _asked(self, who: Identity, act: Act) -> Evidence:
        known = {**self.stage.known, **IDS, "me": who.id}
        question = Question.of(act.text, known, act.parameters)
        then = Question.of(act.then, known, act.parameters) if act.then else None
        command, relation = command_of(act.text)
        for name in relations(act.text) + (relations(act.then) if act.then else []):
            if name in self.stage.unlike:
                raise Unchecked(f"{name}: {self.stage.unlike[name]}")
            if name in self.stage.unfilled:
                raise Unchecked(f"{name} could not be filled with made-up rows: {self.stage.unfilled[name]}")
        self.stage.require(who)
        about = _about(who, act)
        self.stage.lift_restrictions()
        asked = self.stage.completed(who, question)
        answer = self.stage.perform(who, asked, about, self.claims, then=then, keep=act.keep)
        population, unjudgeable = Population(answer.count, act.of or relation), ""
        if not answer.rows:
            control = Question.of(act.control, known, act.parameters) if act.control else None
            there, unjudgeable = self._control(question, control, answer, constraint_counts=act.constraint_counts)
            idle = (about,) if there == 0 else ()
            population = Population(there or 0, act.of or relation, refused=there is None, idle=idle)
        return Evidence(
            [_with(row, actor=who.name, command=command, relation=relation) for row in answer.rows],
            about=about,
            log=self.stage.log,
            population=population,
            refusal=f"refused to {who.name} by {answer.refusal}: {answer.message}" if answer.refusal else "",
            unjudgeable=f"{about}: {unjudgeable}" if unjudgeable else "",
            broken=answer.refusal == "broken" or bool(act.control and answer.refusal == "constraint"),
            question=act.text,
        )

    def _control(
        self, question: Question, control: Question | None, answer: Answer, *, constraint_counts: bool
    ) -> tuple[int | None, str]:
        """Return how much there was for what gave the actor nothing (None: a refusal), and why it proves nothing."""
        if answer.refusal == "broken":
            return None, f"a policy or function itself fails: {answer.message}"
        if answer.refusal in ("grant", "row level security"):
            # Both are asked before any constraint is, about this very row: their no needs no second opinion.
            return None, ""
        if answer.refusal == "constraint" and constraint_counts:
            return None, ""
        only = f"only a constraint stood in the way, not the rules of access: {answer.message}"
        if control:
            if answer.refusal == "constraint":
                return None, only
            return (None if answer.refusal else self.stage.perform(None, control, "owner").count), ""
        owner = self.stage.perform(None, self.stage.completed(None, question), "owner")
        if ONE_ROW.match(question.text) and not owner.count and not owner.refusal:
            # There is always a row to insert: a trigger or a rule took it back.
            return None, ""
        if owner.refusal == "constraint":
            return None, f"not even the owner of the database may do it: {owner.message}"
        if answer.refusal == "constraint":
            return None, only
        return (None if owner.refusal or answer.refusal else owner.count), ""


def _about(who: Identity, act: Act) -> str:
    """Return who does what, in a few words: it identifies the finding where the answer names no object."""
    return f"{who.name}: {act.what or ' '.join(command_of(act.text))}"


def _with(row: Row, **known: str) -> Row:
    return Row(row.object, {**known, **row.details}, {**known, **row.quoted}, row.fix)


@cache
def command_of(text: str) -> tuple[str, str]:
    """Return the command and the relation (or function) that a statement is about: ("update", "public.t").

    Raises sqlglot.errors.ParseError when the statement cannot be parsed.
    """
    statement = parsed(text)[0]
    writes = ((exp.Insert, "insert into"), (exp.Update, "update"), (exp.Delete, "delete from"))
    command = next((name for kind, name in writes if isinstance(statement, kind)), "select")
    found = relations(text)
    if command != "select":
        table = statement.find(exp.Table)
        return command, f"{table.db}.{table.name}" if table is not None else "?"
    called = re.search(r"\b([a-z_]\w*\.[a-z_]\w*)\s*\(", text)
    if called and (not found or called[1] in found):
        return "call", called[1]
    return command, found[0] if found else "?"


# What stands in each token, whoever has it. It says the same in every run: given long ago, and good for long.
_ISSUED, _RUNS_OUT = 1_735_689_600, 4_102_444_800
_ISSUER = "https://project.supabase.co/auth/v1"


def token_of(who: Identity, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what somebody's token says; ``metadata`` is what the server wrote about them: app_metadata.

    That is at the top as well, where a project's hook may repeat it: https://supabase.com/docs/guides/auth/jwt-fields
    """
    token: dict[str, Any] = {"iss": _ISSUER, "iat": _ISSUED, "exp": _RUNS_OUT}
    if who.id is not None:
        method = "anonymous" if who.is_anonymous else "password"
        token |= {"aal": "aal1", "amr": [{"method": method, "timestamp": _ISSUED}], "phone": ""}
        token |= {"session_id": str(uuid5(UUID(who.id), "session"))}
    token |= {**metadata, "role": who.role}
    if who.id is not None:
        token |= {"sub": who.id, "is_anonymous": who.is_anonymous, "aud": "authenticated"}
        token |= {"email": who.email} if who.email else {}
        token |= {"app_metadata": {**metadata}, "user_metadata": {}}
    return token


def claims_of(
    who: Identity | None,
    claims: Claims = "json",
    metadata: Mapping[str, Any] | None = None,
    written: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> str:
    """Return the set_config calls that tell the database who is asking, for this transaction only.

    The API sets one JSON document; before version 9 it set one setting a claim
    (https://docs.postgrest.org/en/stable/references/transactions.html). What is not used is '', as it is after use.
    ``metadata`` is as in :func:`token_of`; ``written`` are the claims as the project's hook leaves them: it cannot make
    somebody another person. ``headers`` are those of the request, with keys that somebody has.
    """
    token = token_of(who, metadata or {}) if who is not None else {}
    token |= {key: value for key, value in (written or {}).items() if key not in ("sub", "role", "aud", "is_anonymous")}
    modern = json.dumps(token) if token and claims in ("json", "both") else ""
    legacy = token if claims in ("legacy", "both") else {}
    settings = {
        "request.jwt.claims": modern,
        "request.jwt.claim.sub": str(legacy.get("sub", "")),
        "request.jwt.claim.role": str(legacy.get("role", "")),
        "request.jwt.claim.email": str(legacy.get("email", "")),
        "request.headers": json.dumps(dict(headers or {})),
    }
    return ", ".join(
        f"set_config({sql.Literal(key).as_string(None)}, {sql.Literal(value).as_string(None)}, true)"
        for key, value in settings.items()
    )


def _refusal(error: psycopg.Error) -> Literal["", "grant", "row level security", "trigger", "constraint", "broken"]:
    """Tell who refused, or "" when the error is no refusal."""
    state = error.sqlstate or ""
    if isinstance(error, errors.InsufficientPrivilege):
        if error.diag.source_function in ROW_LEVEL_SECURITY:
            return "row level security"
        return "trigger" if error.diag.source_function == "exec_stmt_raise" else "grant"
    if isinstance(error, errors.InvalidObjectDefinition | errors.StatementTooComplex):
        return "broken"
    # Changes of a published table without a key; and what does not fit inside a function or trigger of the project.
    if (
        isinstance(error, errors.ObjectNotInPrerequisiteState)
        and error.diag.source_function == "CheckCmdReplicaIdentity"
    ):
        return "broken"
    missing = isinstance(error, errors.UndefinedTable | errors.InvalidSchemaName)  # which may be no part of the project
    if state.startswith("42") and error.diag.context and not missing:
        return "broken"
    if state == "P0001" or error.diag.source_function == "exec_stmt_raise":
        return "trigger"
    if state.startswith("23"):
        return "constraint"
    return ""


@contextmanager
def staged(
    connection: Connection,
    known: Mapping[str, Any],
    log: Log,
    unfilled: Mapping[str, str],
    unlike: Mapping[str, str] | None = None,
    undecided: Sequence[str] = (),
) -> Iterator[Stage]:
    """Begin a transaction for actors to act in, and roll it back."""
    connection.execute("begin")
    try:
        yield Stage(connection, known, log, unfilled, unlike, undecided)
    finally:
        if not connection.closed:
            connection.execute("rollback")

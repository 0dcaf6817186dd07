"""The access matrix: every actor, exposed table and command, observed by acting and compared with what is declared.

What is observed comes from ``matrix.sql``: one round trip for many tables, in which everything is undone. Rows are
known by their primary key and told apart by the declared sets that they are in: sets are compared and not counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors, sql

from audit.access.codes import SQL as CODES
from audit.access.codes import doubtful, late, redeeming
from audit.access.declaration import ALL, REACHING, WHOLE, Declaration, declarations
from audit.access.doubtful import COLUMNS, KINDS, PEOPLE, PLATFORM, Plan, Reached, branches, plans, told
from audit.access.elsewhere import decided_before, decided_elsewhere
from audit.access.ends import Ends, ends_of
from audit.access.results import API_ACTORS, COMMANDS, DOUBTFUL, Cell, Doubtful, Judged, Judgement
from audit.access.rules import known_of, qualified
from audit.access.telling import BY_GRANT, BY_GRANT_ON_ALL, UNGUARDED, doubt_rows, findings, missing_calls
from audit.actors import ACTING, Stage
from audit.catalog.calls import Calls, calls_of
from audit.evidence import Evidence, Population, Unchecked, safe
from audit.people import CAST, Identity
from audit.question import Cursor, define
from audit.server_errors import describe

SQL = Path(__file__).with_suffix(".sql")

# The shapes of statements. Seeing: a column in WHERE, so that the policies for select apply as well. Blind: none.
SHAPES = ("select", "insert", "update", "update blind", "delete", "delete blind")

# A channel is listened to and spoken in; it is known by its topic.
CHANNELS, CHANNEL_SHAPES = "realtime.messages", ("select", "insert")
PLATFORMS = ("storage.objects", CHANNELS)

MOST_ROWS = 500
TABLES_AT_ONCE = 12
ALONE_MS = 1500
CELL_MS = 500
# A function of the project's, in what is declared.
CALLED = re.compile(r"(?<![\w\"])([\w\"]++\.[\w\"]++)\s*+\(")
NOTHING: Mapping[str, str] = {}
# As many leaks are observed again, to see whether they follow from others.
MOST_FOLLOWED = 300


@dataclass(frozen=True)
class Observed:
    """What one actor reached with one shape of statement, as numbers of rows by the sets that the rows are in.

    Keys of ``everything``, ``reached`` and ``masked`` are digits, one for each set of rows: "10" is in the first and
    not in the second. ``masked`` rows were let through by the rules of access and refused by a trigger or a
    constraint. For inserts the rows are those that were offered. ``sample`` holds a key, or an offered row, for each
    kind reached.
    ``doubtful``: USING let the rows through, and WITH CHECK did not take all of them as they are. ``taken`` are the
    offered rows that came through.
    """

    actor: str
    relation: str
    shape: str
    refusal: str = ""
    message: str = ""
    everything: Mapping[str, int] = field(default_factory=dict)
    reached: Mapping[str, int] = field(default_factory=dict)
    masked: Mapping[str, int] = field(default_factory=dict)
    sample: Mapping[str, Any] = field(default_factory=dict, repr=False)
    doubtful: bool = False
    taken: Sequence[Mapping[str, Any]] = field(default=(), repr=False)


def _sets(declaration: Declaration, actor: str, command: str) -> tuple[str, ...]:
    """Return the names of the sets that an actor may reach by a command."""
    given = declaration.reach.get(command, {})
    found = [name for who, names in given.items() if actor in REACHING[who] for name in names]
    return tuple(dict.fromkeys(found))


def _allowed(declaration: Declaration, actor: str, command: str) -> tuple[str, ...]:
    """Return the sets that an actor may reach without its being a leak: what is declared, and what follows from it.

    What everybody signed in may reach, whoever is signed in without an id may: `to authenticated using (true)` is all
    that a project can say.
    """
    sets = _sets(declaration, actor, command)
    role = CAST[actor].role
    follows = not CAST[actor].id and role in WHOLE and ALL not in sets and declaration.opens(command, role)
    return (*sets, ALL) if follows else sets


def _columns(given: Mapping[str, tuple[str, ...]], actor: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for who, names in given.items() if actor in REACHING[who] for name in names))


def predicate(text: str) -> str:
    """Return a declared predicate for the server: ``:me``, which is no cast ``::me``, becomes the first parameter."""
    return re.sub(r"(?<![:\w]):me\b", "$1", text)


class Observatory:
    """Observes on a stage, inside one savepoint in which the tables are armed with triggers."""

    def __init__(
        self, stage: Stage, cursor: Cursor, people: Sequence[Identity], sets: Mapping[str, Mapping[str, str]]
    ) -> None:
        self.stage = stage
        self.cursor = cursor
        self.people = {who.name: self._person(who) for who in people}
        self.sets = json.dumps({name: [predicate(each) for each in given.values()] for name, given in sets.items()})
        self.slow: set[tuple[str, str]] = set()
        self.unread: Mapping[str, str] = {}

    def _person(self, who: Identity) -> dict[str, str | None]:
        return {"name": who.name, "role": who.role, "id": who.id, "claims": f"select {self.stage.claims_of(who)}"}

    def observe(self, relations: Sequence[str], shapes: Sequence[str] = SHAPES) -> list[Observed]:
        """Return all cells of some tables. What takes too long is asked again alone, so that only the guilty suffer."""
        found: list[Observed] = []
        if CHANNELS in relations:
            relations = [name for name in relations if name != CHANNELS]
            found += self._of_channels()
        for start in range(0, len(relations), TABLES_AT_ONCE):
            chunk = relations[start : start + TABLES_AT_ONCE]
            found += self._cells(chunk, list(self.people), shapes, int(self.stage.known["statement_timeout_ms"]))
        return found

    def _of_channels(self) -> list[Observed]:
        """Return the cells of all channels together: each is asked about by itself, as the service does.

        What it sets for the policies is the topic that somebody wants to join
        (https://supabase.com/docs/guides/realtime/authorization).
        """
        found: dict[tuple[str, str], Observed] = {}
        self.cursor.execute(f"select distinct topic from {CHANNELS} order by 1")
        for (topic,) in self.cursor.fetchall():
            with _undone(self.cursor, int(self.stage.known["statement_timeout_ms"])):
                self.cursor.execute("set local session_replication_role = replica")
                self.cursor.execute("select set_config('realtime.topic', %s, true)", [topic])
                self.cursor.execute("select pg_temp.audit_keep(%s, 'topic', %s)", [CHANNELS, topic])
                self.cursor.execute("set local session_replication_role = origin")
                cells = self._cells([CHANNELS], list(self.people), CHANNEL_SHAPES, ALONE_MS)
            for cell in cells:
                known = found.get((cell.actor, cell.shape))
                found[cell.actor, cell.shape] = cell if known is None else _together(known, cell)
        return list(found.values())

    def _cells(
        self, relations: Sequence[str], people: Sequence[str], shapes: Sequence[str], timeout_ms: int
    ) -> list[Observed]:
        alone = len(relations) == len(people) == len(shapes) == 1
        if alone and (relations[0], shapes[0]) in self.slow:
            return [self._unanswered(relations[0], people[0], shapes[0], "it took too long for another actor")]
        try:
            return self._ask(relations, people, shapes, timeout_ms)
        except psycopg.Error as error:
            if self.cursor.connection.closed:
                raise
            if alone:
                if isinstance(error, errors.QueryCanceled):
                    self.slow.add((relations[0], shapes[0]))
                return [self._unanswered(relations[0], people[0], shapes[0], describe(error))]
        if len(relations) > 1:
            return [cell for each in relations for cell in self._cells([each], people, shapes, ALONE_MS)]
        if len(shapes) > 1:
            return [cell for each in shapes for cell in self._cells(relations, people, [each], CELL_MS)]
        return [cell for each in people for cell in self._cells(relations, [each], shapes, CELL_MS)]

    def _unanswered(self, relation: str, actor: str, shape: str, message: str) -> Observed:
        return Observed(actor, relation, shape, "unanswered", message)

    def _ask(
        self, relations: Sequence[str], people: Sequence[str], shapes: Sequence[str], timeout_ms: int
    ) -> list[Observed]:
        with _undone(self.cursor, timeout_ms):
            self.cursor.execute(
                "select * from pg_temp.audit_observe(%s, %s, %s, %s)",
                [list(relations), json.dumps([self.people[name] for name in people]), self.sets, list(shapes)],
            )
            rows = self.cursor.fetchall()
        return [
            Observed(actor, relation, shape, refusal or "", message or "", *numbers)
            for relation, actor, shape, refusal, message, *numbers in rows
        ]

    def _call(self, function: str, cell: Observed, *arguments: object) -> dict[str, Any]:
        """Call a function about one cell. Raises psycopg.Error when there is no answer."""
        texts = [*arguments]
        with _undone(self.cursor, int(self.stage.known["statement_timeout_ms"])):
            self.cursor.execute(
                sql.SQL("select pg_catalog.to_jsonb(r) from {}({}) as r").format(
                    sql.Identifier("pg_temp", function), sql.SQL(", ").join([sql.Placeholder()] * (2 + len(texts)))
                ),
                [cell.relation, json.dumps(self.people[cell.actor]), *texts],
            )
            ((answer,),) = self.cursor.fetchall()
        found: dict[str, Any] = answer if isinstance(answer, dict) else {"answer": answer}
        return found

    def confirm(self, cell: Observed, kinds: Iterable[str]) -> dict[str, Any]:
        """Try whether rows of these kinds, which were reached, can really be written."""
        return self._call("audit_confirm", cell, self.sets, cell.shape, list(kinds))

    def change(self, cell: Observed, column: str) -> dict[str, Any]:
        """Try whether a column of the rows that were reached can be changed."""
        return self._call("audit_change", cell, cell.shape, column)

    def returned(self, cell: Observed, row: object) -> dict[str, Any]:
        """Try whether a row that can be inserted is given back to whoever inserts it."""
        return self._call("audit_return", cell, json.dumps(row))

    def saved(self, cell: Observed, key: object) -> dict[str, Any]:
        """Try whether a row that is there can be saved again by an insert that becomes an update."""
        return self._call("audit_upsert", cell, key)

    def moved(
        self, cell: Observed, columns: Sequence[str], mine: Sequence[int], others: Mapping[str, Sequence[int]]
    ) -> dict[str, Any]:
        """Try whether rows can be moved out of one's own reach and into another's by one of these columns."""
        return self._call("audit_move", cell, self.sets, "update blind", list(columns), list(mine), json.dumps(others))

    def policies(self, cell: Observed, *samples: object) -> tuple[str, ...]:
        """Return the permissive policies that let one of some rows through, their names as they are written in SQL."""
        if cell.relation != CHANNELS:
            return self._letting_through(cell, samples)
        found: dict[str, None] = {}
        for sample in samples:
            with suppress(psycopg.Error), _undone(self.cursor, ALONE_MS):
                self._join(sample)
                found |= dict.fromkeys(self._letting_through(cell, [sample]))
        return tuple(sorted(found))

    def _letting_through(self, cell: Observed, samples: Sequence[object]) -> tuple[str, ...]:
        """Return the policies that let one of some rows through; none where that cannot be told."""
        question = """
        select distinct pg_catalog.quote_ident(name) from pg_catalog.jsonb_array_elements(%s) as sample
        cross join lateral pg_catalog.unnest(pg_temp.audit_policies(%s, %s, %s, sample)) as name order by 1
        """
        person = json.dumps(self.people[cell.actor])
        try:
            with _undone(self.cursor, ALONE_MS):
                self.cursor.execute(question, [json.dumps(samples), cell.relation, person, cell.shape])
                return tuple(name for (name,) in self.cursor.fetchall())
        except psycopg.Error:
            return ()

    def showing(self, cell: Observed, kinds: Iterable[str]) -> tuple[str, ...]:
        """Return the permissive policies that show rows of some kinds, their names as they are written in SQL.

        A message is shown by its topic alone, one by one.
        """
        if cell.relation == CHANNELS:
            return ()
        try:
            return self._quoted(self._call("audit_showing", cell, self.sets, list(kinds))["answer"])
        except psycopg.Error:
            return ()

    @contextmanager
    def limited(self, limits: Mapping[str, Sequence[str]], actor: str) -> Iterator[None]:
        """Let an actor see, of some tables, no rows but those of some kinds, for as long as this lasts."""
        person = json.dumps(self.people[actor])
        with _undone(self.cursor, ALONE_MS):
            for other, kinds in limits.items():
                self.cursor.execute("select pg_temp.audit_limit(%s, %s, %s, %s)", [other, person, self.sets, [*kinds]])
            yield

    def again(self, cell: Judged) -> Observed:
        """Observe one cell again. Raises psycopg.Error when there is no answer."""
        (found,) = self._ask([cell.relation], [cell.actor], [cell.shape], ALONE_MS)
        return found

    def _quoted(self, names: Sequence[str]) -> tuple[str, ...]:
        self.cursor.execute("select pg_catalog.quote_ident(n) from unnest(%s::text[]) as n", [list(names)])
        return tuple(name for (name,) in self.cursor.fetchall())

    def _join(self, sample: object) -> None:
        """Set the topic of a message, which is given whole or by its key."""
        if isinstance(sample, Mapping):
            self.cursor.execute("select set_config('realtime.topic', %s, true)", [sample["topic"]])
        else:
            question = f"select set_config('realtime.topic', topic, true) from {CHANNELS} where id::text = any (%s)"
            self.cursor.execute(question, [[str(part) for part in json.loads(str(sample))]])


def _together(one: Observed, other: Observed) -> Observed:
    """Put together what somebody reached in two parts of a table."""

    def added(ours: Mapping[str, int], theirs: Mapping[str, int]) -> dict[str, int]:
        return {kind: ours.get(kind, 0) + theirs.get(kind, 0) for kind in {**ours, **theirs}}

    # What one part was refused matters only where nothing was reached, or where it fails.
    worse = other if other.refusal in ("broken", "unanswered") or not one.refusal else one
    return replace(
        one,
        refusal=worse.refusal,
        message=worse.message,
        everything=added(one.everything, other.everything),
        reached=added(one.reached, other.reached),
        masked=added(one.masked, other.masked),
        sample={**other.sample, **one.sample},
        doubtful=one.doubtful or other.doubtful,
        taken=(*one.taken, *other.taken),
    )


@contextmanager
def _undone(cursor: Cursor, timeout_ms: int) -> Iterator[None]:
    cursor.execute(f"savepoint observing; set local statement_timeout = {timeout_ms}")
    try:
        yield
    finally:
        if not cursor.connection.closed:
            cursor.execute("rollback to savepoint observing; release savepoint observing")


@contextmanager
def opened_tables(
    stage: Stage, sets: Mapping[str, Mapping[str, str]], actors: Sequence[str] = API_ACTORS
) -> Iterator[tuple[Observatory, dict[str, tuple[frozenset[str], bool, int]]]]:
    """Arm the tables; yield the observatory and the tables: columns, whether row level security is on, rows."""
    people = [CAST[name] for name in actors]
    with stage.savepoint(None, "both", keep=False) as cursor:
        # Messages in English, because some refusals can be told by their text alone.
        cursor.execute("set local lc_messages = 'C'; set local session_replication_role = replica")
        cursor.execute("set local row_security = on; set local client_min_messages = error")
        cursor.execute("set constraints all immediate; set local statement_timeout = 60000")
        # One statement with many parameters is planned once.
        cursor.execute("set local plan_cache_mode = force_generic_plan")
        define(cursor, ACTING + SQL.read_text(encoding="utf-8"))
        exposed: list[str] = list(stage.known["exposed"])
        cursor.execute(
            "select pg_temp.audit_prepare(%s, %s, %s, %s)",
            [exposed, ["anon", "authenticated"], [who.id for who in people if who.id], MOST_ROWS],
        )
        cursor.execute(
            """
            select t.relation, t.security, array(
                select a.attname::text from pg_catalog.pg_attribute a
                where a.attrelid = t.id and a.attnum > 0 and not a.attisdropped)
            from pg_temp.audit_table t join pg_catalog.pg_namespace n on n.oid = t.schema
            -- Of the platform's own tables those count that the project has rules for, or says something about.
            where n.nspname <> all (%s) or not t.security or t.relation = any (%s)
            or exists (select from pg_catalog.pg_policy p where p.polrelid = t.id)
            order by t.relation
            """,
            [list(stage.known["platform_schemas"]), [*sets, *stage.known.get("declared", ())]],
        )
        tables = {name: (frozenset(columns), security, 0) for name, security, columns in cursor.fetchall()}
        cursor.execute("select relation, message from pg_temp.audit_unread order by 1")
        unread = {name: safe(message) for name, message in cursor.fetchall()}
        # As the API has it: the exposed schemas and those of extensions.
        path = sql.SQL(", ").join(map(sql.Identifier, [*exposed, "extensions"]))
        cursor.execute(sql.SQL("set local search_path = {}; set local session_replication_role = origin").format(path))
        observatory = Observatory(stage, cursor, people, sets)
        observatory.unread = unread
        yield observatory, tables


# Verdicts beside which nothing more is said about a command.
TOLD = (Cell.LEAK, Cell.LOCKOUT, Cell.BROKEN, Cell.UNCHECKED)
# A foreign key, a unique key and an exclusion may refuse what is made up for the reason that it is.
EXCUSED = re.compile(r"\b(23503|23505|23P01)\b")

# What somebody else holds up says nothing about a declaration.
HELD_UP = (errors.QueryCanceled, errors.LockNotAvailable, errors.DeadlockDetected)


def _fitted(
    cursor: Cursor, relation: str, columns: frozenset[str], declaration: Declaration
) -> tuple[Declaration | None, list[str]]:
    """Return what of a declaration fits its table (None: too little to judge it by), and what does not, with lines.

    Raises Unchecked when that cannot be told.
    """
    for name, given in declaration.rows.items():
        try:
            with _undone(cursor, ALONE_MS):
                text = re.sub(r"\$1\b", "null::uuid", predicate(given))
                cursor.execute(f"select from {relation} where ({text}\n)".encode())
        except psycopg.Error as error:
            if cursor.connection.closed:
                raise
            why = f"{declaration.at(f'rows.{name}')}: rows.{name} of {relation} does not run: {describe(error)}"
            if isinstance(error, HELD_UP):
                raise Unchecked(why) from error
            return None, [why]
    misfits: dict[str, None] = {}

    def there(key: str, given_to: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for who, names in given_to.items():
            for name in set(names) - columns:
                misfits[f"{declaration.at(f'{key}.{who}')}: {relation} has no column {safe(name)}"] = None
        return {who: tuple(name for name in names if name in columns) for who, names in given_to.items()}

    fitted = replace(
        declaration,
        hidden=there("hidden", declaration.hidden),
        fixed=there("fixed", declaration.fixed),
        moves=there("moves", declaration.moves),
        columns={command: there(f"columns.{command}", given) for command, given in declaration.columns.items()},
    )
    return fitted, sorted(misfits)


THERE = {
    "tables": "select pg_catalog.to_regclass(%s) is not null",
    "functions": "select pg_catalog.to_regprocedure(%s) is not null",
    "buckets": "select exists (select from storage.buckets where id = %s)",
}


def _missing(stage: Stage, cursor: Cursor) -> list[str]:
    """Return which declared tables, functions and buckets are not in this database, with their lines."""
    misfits = []
    for (kind, name), place in stage.known.get("places", {}).items():
        if name in stage.unlike:  # it is on the live database, and could not be copied
            continue
        try:
            with _undone(cursor, ALONE_MS):
                ((there,),) = cursor.execute(THERE[kind], [name]).fetchall()
        except psycopg.Error as error:
            if cursor.connection.closed or isinstance(error, HELD_UP):
                raise
            there = False
        if not there:
            misfits.append(safe(f"{place}: {kind.removesuffix('s')} {name} is not in this database"))
    return misfits


def judge(stage: Stage) -> Judgement:
    """Observe the whole matrix and compare it with what is declared.

    Raises Unchecked on a live database, and psycopg.Error when the server gave no answer at all.
    """
    declared: dict[str, Declaration] = dict(stage.known["declared"])
    declared |= declarations(stage.known.get("tables", {}), "the proof")
    sets = {name: dict(each.rows) for name, each in declared.items()}
    with opened_tables(stage, sets) as (observatory, tables):
        doubts: list[str] = [stage.doubt] if stage.doubt else []
        blind = [f"{name} could not be looked at: {why}" for name, why in observatory.unread.items()]
        doubts += blind
        undeclared: list[str] = []
        unsettled: list[str] = []
        misfits = _missing(stage, observatory.cursor)
        unfit: set[str] = set()
        for name in sorted(set(declared) & set(tables)):
            try:
                fitted, problems = _fitted(observatory.cursor, name, tables[name][0], declared[name])
            except Unchecked as doubt:
                fitted, problems = None, []
                doubts.append(doubt.reason)
            misfits += problems
            if fitted is None:
                unfit.add(name)
            else:
                declared[name] = fitted
        if unfit:
            observatory.sets = json.dumps({k: v for k, v in json.loads(observatory.sets).items() if k not in unfit})
        cells: list[Judged] = []
        judged: dict[str, _Table] = {}
        by_table: dict[str, list[Observed]] = {}
        for cell in observatory.observe(list(tables)):
            by_table.setdefault(cell.relation, []).append(cell)
        for name, observed in by_table.items():
            if name in unfit:
                cells += _undeclared(observatory, observed, security=tables[name][1])
                continue
            declaration = _with_flags(stage, name, declared.get(name))
            if declaration is None:
                # Files and channels are the platform's tables: who declares none of them has declared their own.
                if name not in PLATFORMS:
                    undeclared.append(f"{name} {UNDECLARED}")
                cells += _undeclared(observatory, observed, security=tables[name][1])
                unsettled.append(name)
                continue
            if declaration.review:
                undeclared.append(f"{declaration.at('review')}: {UNREVIEWED} {name}")
                cells += _undeclared(observatory, observed, security=tables[name][1])
                unsettled.append(name)
                continue
            columns, security, _ = tables[name]
            if declaration.unsaid:
                undeclared.append(
                    f"{declaration.at('because')}: nobody has said why so much of {name} is open: because = {{ ... }}"
                )
            judge_table = _Table(observatory, declaration, observed, security=security, columns=columns)
            cells += judge_table.cells()
            doubts += judge_table.doubts
            judged[name] = judge_table
            if declaration.unsaid:
                unsettled.append(name)
        cells = _Following(observatory, judged, cells).marked()
        with qualified(observatory.cursor):
            calls = calls_of(stage.connection)
        rules = known_of(observatory.cursor, {name: tables[name][1] for name in judged}).rules
        doubts += decided_before(observatory.cursor, calls) if judged else ()
        doubts += decided_elsewhere([*judged], rules, calls, [*PLATFORM, *stage.known["platform_schemas"]])
        going_by = {
            name: text
            for name, table in judged.items()
            if name not in unsettled and CALLED.search(text := " ".join(table.declaration.rows.values()))
        }
        doubtful, inventoried, unread = doubtful_of(observatory, stage, [*unsettled, *going_by], tables, going_by)
        unsaid = {name: table.declaration.unsaid for name, table in judged.items() if table.declaration.unsaid}
        doubtful = tuple(each for each in doubtful if _is_unsaid(each, unsaid))
        unread += [(kind, text) for text in blind for kind in KINDS]
        cells = _guests([_marked(cell, doubtful) for cell in cells], observatory.cursor)
    if not declared and not stage.known["server_only_tables"] and not stage.known["public_tables"]:
        undeclared = [NOBODY] if undeclared else []
    return Judgement(
        tuple(cells), tuple(doubts), tuple(undeclared), tuple(misfits), doubtful, inventoried, tuple(unread)
    )


def _is_unsaid(found: Doubtful, unsaid: Mapping[str, Collection[tuple[str, str]]]) -> bool:
    """Tell whether what looks like a hole is in what nobody has declared: of some tables that is a part."""
    if found.relation not in unsaid or not found.commands:
        return True
    return any((command, actor) in unsaid[found.relation] for command in found.commands for actor in found.actors)


def doubtful_of(
    observatory: Observatory,
    stage: Stage,
    relations: Sequence[str],
    tables: Mapping[str, tuple[frozenset[str], bool, int]],
    declared: Mapping[str, str] = NOTHING,
) -> tuple[tuple[Doubtful, ...], tuple[str, ...], list[tuple[str, str]]]:
    """Return what looks like a hole in tables that nobody has declared, which were looked at, and what was not told.

    ``declared``: what is declared of some of them, by whose functions it goes.
    """
    cursor, unread, unparsed = observatory.cursor, list[tuple[str, str]](), list[str]()
    known = known_of(cursor, {name: tables[name][1] for name in relations})
    with qualified(cursor):
        columns = cursor.execute(COLUMNS, [list(relations)]).fetchall()
    cursor.execute("select relation, keys from pg_temp.audit_table")
    keys: dict[str, list[str]] = dict(cursor.fetchall())

    @cache
    def calls() -> Calls:
        with qualified(cursor):
            return calls_of(stage.connection)

    with qualified(cursor):
        ends = ends_of(cursor, calls, [*PLATFORM, *stage.known["platform_schemas"]], known, branches)
    found: list[Doubtful] = []
    looked_at: list[str] = []
    for relation, planned in plans(relations, known, calls, columns, keys, unparsed, declared, ends):
        looked_at.append(relation)
        for plan in planned:
            found += told(plan, _beyond(observatory, plan, unread))
    unread += [(kind, text) for text in unparsed for kind in KINDS]
    if ends:
        found += _taking_codes(observatory, stage, ends, unread)
    return tuple(found), tuple(looked_at), unread


def _taking_codes(
    observatory: Observatory, stage: Stage, ends: Ends, unread: list[tuple[str, str]]
) -> Iterator[Doubtful]:
    """Yield the functions that take codes which have ended, or were used."""
    cursor = observatory.cursor
    with qualified(cursor):
        given = [*redeeming(cursor, ends, stage.known["exposed"])]
    people = [observatory.people[name] for name in ("stranger", "bob") if name in observatory.people]
    if not given or len(people) < 2:
        return
    with _undone(cursor, int(stage.known["statement_timeout_ms"])):
        define(cursor, CODES.read_text(encoding="utf-8"))
        for one in given:
            try:
                with _undone(cursor, ALONE_MS):
                    is_late = late(cursor, one, ends.calls, people, CAST["stranger"].email)
            except psycopg.Error as error:
                if cursor.connection.closed:
                    raise
                unread.append(("late", f"{one.signature} gave no answer: {describe(error)}"))
                continue
            if is_late:
                yield doubtful(one)


def _tells(cell: Observed) -> bool:
    """Tell whether somebody who reaches rows of a table could have been seen to reach those of others, too."""
    beside = bool(cell.everything.get("0"))
    return cell.actor in PEOPLE and cell.shape != "insert" and beside and bool(cell.reached)


def _marked(cell: Judged, doubtful: Sequence[Doubtful]) -> Judged:
    """Return a cell of the inventory with what is doubtful in it."""
    command = cell.shape.removesuffix(" blind")
    found = [
        _said(each)
        for each in doubtful
        if cell.verdict is Cell.UNDECLARED
        and (cell.relation, command in each.commands, cell.actor in each.actors) == (each.relation, True, True)
    ]
    return replace(cell, note=DOUBTFUL + "; ".join(found)) if found else cell


def _said(found: Doubtful) -> str:
    """Say of a policy what is doubtful about it."""
    others = " and ".join(found.kept_by)
    if found.kind == "overlooked":
        return f"{found.policy} asks {others}, which does not look at the row"
    if found.kind == "vain":
        return f"{found.policy} asks {others}, which lets everybody through"
    if found.kind == "channels":
        return f"{found.policy} opens every channel like {others}"
    if found.kind == "ended":
        return f"{found.policy} does not ask whether {' and '.join(found.columns)} is past"
    return f"{found.policy} lets through what {others} would not"


# The statements by which each kind of doubt is seen; of the others it is reading.
TELLING = {
    "tenants": SHAPES,
    "overlooked": SHAPES,
    "names": ("select", "insert"),
    "guests": ("select", "insert"),
    "channels": SHAPES,
    "ended": SHAPES,
    "removed": ("select", "delete", "delete blind"),
    "ranks": ("select", "delete", "delete blind"),
}

# Whether the project's rules tell guests from members anywhere:
# https://supabase.com/docs/guides/auth/auth-anonymous#access-control
TELLS_GUESTS = """
select exists (
    select from pg_catalog.pg_policies
    where pg_catalog.concat_ws(' ', qual, with_check) ~ 'is_anonymous'
) or exists (
    select from pg_catalog.pg_policy p
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = p.oid
    join pg_catalog.pg_proc f on f.oid = d.refobjid and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    where f.prosrc ~ 'is_anonymous'
)
"""


def _guests(cells: Sequence[Judged], cursor: Cursor) -> list[Judged]:
    """Return the cells, and say where a guest reaches what any member does in a project that tells them apart."""
    ((tells,),) = cursor.execute(TELLS_GUESTS).fetchall()
    members = {cell.place: cell.reached for cell in cells if cell.actor == "stranger"}
    visitors = {cell.place: cell.reached for cell in cells if cell.actor == "anon"}
    return [
        replace(cell, note=f"{DOUBTFUL}a guest reaches what members do, and other rules tell guests from members")
        if tells
        and (cell.actor, cell.verdict, cell.note) == ("guest", Cell.UNDECLARED, "")
        and visitors.get(cell.place, 0) < cell.reached
        and cell.reached == members.get(cell.place)
        else cell
        for cell in cells
    ]


def _undecided(observatory: Observatory, plan: Plan, observed: Sequence[Observed]) -> bool:
    """Tell whether nobody stood where it would have been seen that tenants are crossed: of those who belong to one.

    Whoever sees a row of their own, and is nowhere a member, is not let in by membership anyhow.
    """
    if plan.kind not in ("tenants", "overlooked", "removed", "ranks") or not plan.of_rows:
        return False
    return not any(_belongs(observatory, plan, cell.actor) for cell in observed if _tells(cell))


def _belongs(observatory: Observatory, plan: Plan, actor: str) -> bool:
    """Tell whether a row of the tables in which people are looked up names an actor; so where there is none."""
    named = [f"{schema}.{name}" for schema, name in plan.places]
    find = "select relation from pg_temp.audit_table where replace(relation, '\"', '') = any (%s)"
    places = [relation for (relation,) in observatory.cursor.execute(find, [named]).fetchall()]
    asking = "select exists (select from {} as of_members where (of_members.*)::pg_catalog.text like %s)"
    answers = (observatory.cursor.execute(asking.format(each), [f"%{CAST[actor].id}%"]).fetchone() for each in places)
    return not places or (True,) in answers


@contextmanager
def _rearranged(observatory: Observatory, plan: Plan) -> Iterator[None]:
    """Have rows that decide for as long as this lasts: of several tenants, beside people who belong to one of them."""
    cursor = observatory.cursor
    people = [str(CAST[name].id) for name in MEMBERS]
    with _undone(cursor, int(observatory.stage.known["statement_timeout_ms"])):
        cursor.execute("set local session_replication_role = replica")
        given = [plan.relation, [*plan.columns], [f"{schema}.{name}" for schema, name in plan.places], people]
        cursor.execute("select pg_temp.audit_rearrange(%s, %s, %s, %s)", given)
        cursor.execute("set local session_replication_role = origin")
        yield


def _beyond(observatory: Observatory, plan: Plan, unread: list[tuple[str, str]]) -> list[Reached]:
    """Return what people reach of a table beyond what its other policies keep to them."""
    kept = " or ".join(f"({each})" for each in plan.kept) or "false"
    observatory.sets = json.dumps({plan.relation: [kept]})
    observed = observatory.observe([plan.relation], TELLING.get(plan.kind, ("select",)))
    if plan.ends:
        return _after_the_end(observatory, plan, observed, unread)
    if _undecided(observatory, plan, observed):
        with _rearranged(observatory, plan):
            return _reached(observatory, plan, observatory.observe([plan.relation]), unread)
    return _reached(observatory, plan, observed, unread)


def _after_the_end(
    observatory: Observatory, plan: Plan, observed: Sequence[Observed], unread: list[tuple[str, str]]
) -> list[Reached]:
    """Return what people still reach by rows that have ended; it counts where they reached anything by them before."""
    if not any(map(_is_beyond, observed)):
        with _rearranged(observatory, plan):
            observed = observatory.observe([plan.relation])
            return _ended(observatory, plan, unread) if any(map(_is_beyond, observed)) else []
    return _ended(observatory, plan, unread)


def _is_beyond(cell: Observed) -> bool:
    return cell.actor in PEOPLE and bool(cell.reached.get("0"))


def _ended(observatory: Observatory, plan: Plan, unread: list[tuple[str, str]]) -> list[Reached]:
    cursor = observatory.cursor
    try:
        with _undone(cursor, int(observatory.stage.known["statement_timeout_ms"])):
            cursor.execute("set local session_replication_role = replica")
            if plan.words:
                given = [*(plan.ends or ()), sorted(plan.words | plan.refused), bool(plan.refused)]
                if not cursor.execute("select pg_temp.audit_state(%s, %s, %s, %s)", given).fetchall()[0][0]:
                    return []  # whoever is not refused is let in by the others as well
            else:
                cursor.execute("select pg_temp.audit_end(%s, %s)", plan.ends)
            cursor.execute("set local session_replication_role = origin")
            return _reached(observatory, plan, observatory.observe([plan.relation]), unread)
    except psycopg.Error as error:
        if cursor.connection.closed:
            raise
        unread.append((plan.kind, f"no row of {'.'.join(plan.ends or ())} could be ended: {describe(error)}"))
        return []


def _reached(
    observatory: Observatory, plan: Plan, observed: Sequence[Observed], unread: list[tuple[str, str]]
) -> list[Reached]:
    cells = []
    answered = [cell for cell in observed if cell.shape == "select" and cell.refusal != "unanswered"]
    if answered and not any(cell.everything for cell in answered):
        unread.append((plan.kind, f"{plan.relation} has no rows, which proves nothing"))
    elif plan.kind == "tenants" and _undecided(observatory, plan, observed):
        text = f"nobody who belongs to something was seen beside rows of others in {plan.relation}"
        unread.append((plan.kind, text))
    for cell in observed:
        beyond = cell.reached.get("0", 0)
        if cell.refusal == "unanswered":
            text = f"{cell.actor}: {cell.shape} {cell.relation} gave no answer: {cell.message}"
            unread.append((plan.kind, text))
        elif beyond and cell.actor in PEOPLE:
            shown = observatory.showing(cell, ["0"]) if cell.shape == "select" else ()
            names = shown or observatory.policies(cell, *([cell.sample["0"]] if "0" in cell.sample else []))
            whole = beyond == cell.everything.get("0")
            cells.append(Reached(cell.actor, cell.shape, beyond, names, whole))
    return cells


# One thing that is missing, and not one for each table.
UNREVIEWED = "nobody has reviewed what is declared of"
REVIEW = "read the entry, and take its line review = true out when it says what ought to be"
UNDECLARED = "has no declaration in access.toml"
PROPOSE = "care-audit draft proposes an entry: review it, and put it into access.toml"
NOBODY = "nobody has declared who may reach what; the report shows who reaches what today"
DECLARE = "care-audit init writes a draft, access.toml, and audit.toml, which names it: review it, entry by entry"


def _with_flags(stage: Stage, relation: str, declaration: Declaration | None) -> Declaration | None:
    """Return what is declared, the flags public and server_only included; None: nothing is."""
    if relation in stage.known["server_only_tables"]:
        return replace(declaration or Declaration(), reach={})
    if relation in stage.known["public_tables"]:
        known = declaration or Declaration()
        return replace(known, reach={**known.reach, "select": {"everybody": (ALL,)}})
    return declaration


# Of whose reach without a declaration it is told what lets them through: they take part in nothing.
OUTSIDE = ("anon", "nobody", "guest", "stranger")
MEMBERS = ("alice", "bob", "stranger")


def _undeclared(observatory: Observatory, observed: Sequence[Observed], *, security: bool) -> list[Judged]:
    """Return the cells of a table of which nobody has declared who may reach what."""
    found = []
    for cell in observed:
        judged = Judged(
            cell.actor,
            cell.relation,
            cell.shape,
            Cell.UNDECLARED,
            rows=sum(cell.everything.values()),
            reached=sum(cell.reached.values()),
            refused_by=cell.refusal,
            note="" if security else UNGUARDED,
            taken=tuple(map(json.dumps, cell.taken)),
        )
        if security and judged.reached and cell.actor in OUTSIDE:
            judged = replace(judged, policies=observatory.policies(cell, *cell.sample.values()))
        found.append(judged)
    return found


class _Table:
    """Compares what was observed of one table with its declaration."""

    def __init__(
        self,
        observatory: Observatory,
        declaration: Declaration,
        observed: Sequence[Observed],
        *,
        security: bool,
        columns: Iterable[str] = (),
    ) -> None:
        self.observatory = observatory
        self.declaration = declaration
        self.observed = observed
        self.security = security
        self.columns = frozenset(columns)
        self.names = list(declaration.rows)
        self.barred: set[str] = set()
        self.doubts: list[str] = []

    def cells(self) -> list[Judged]:
        """Return the judged cells of the table."""
        found: list[Judged] = []
        of_rows: list[tuple[Observed, Judged]] = [(cell, self._judged(cell)) for cell in self.observed]
        refused = self._refused_to_all(of_rows)
        # Who cannot insert cannot save a row again either: that is told already.
        self.barred = {judged.actor for cell, judged in of_rows if cell.shape == "insert" and judged.verdict in TOLD}
        for cell, known in of_rows:
            judged = refused.get((cell.actor, cell.shape), known)
            found.append(judged)
            found += self._of_columns(cell, judged)
            found += self._of_grants(cell, judged)
            if judged.verdict is Cell.OK and judged.declared:
                found += self._as_clients_do(cell, judged)
        return found

    def _expected(self, cell: Observed, command: str) -> dict[str, int]:
        """Return the kinds of rows that are declared for a command, with their numbers."""
        sets = _sets(self.declaration, cell.actor, command)
        return {kind: n for kind, n in cell.everything.items() if self._may(kind, sets)}

    def _refused_to_all(self, of_rows: Sequence[tuple[Observed, Judged]]) -> dict[tuple[str, str], Judged]:
        """Return the cells of commands that are declared, and that triggers, constraints or errors refuse to everybody.

        What the rules of access let through and nobody can do does not work. That a row is there already, or that
        another refers to it, may be the made-up rows' own fault.
        """
        found: dict[tuple[str, str], Judged] = {}
        for command in ("insert", "update", "delete"):
            theirs = [
                (cell, judged, self._expected(cell, command))
                for cell, judged in of_rows
                if cell.shape == command and _sets(self.declaration, cell.actor, command)
            ]
            theirs = [each for each in theirs if each[2]]
            if not theirs or any(judged.verdict in TOLD for _, judged, _ in theirs):
                continue
            why: tuple[str, str] | None = None
            for cell, judged, kinds in sorted(theirs, key=lambda each: -sum(each[0].reached.values())):
                refusal = self._refusal(cell, judged, kinds)
                if refusal is None:
                    why = None
                    break
                why = why or refusal
            if why is not None:
                found |= {
                    (cell.actor, command): replace(
                        judged,
                        verdict=Cell.LOCKOUT,
                        missing=sum(kinds.values()),
                        refused_by=why[0],
                        note=safe(f"nobody can: {why[1]}" if why[1] else "nobody can"),
                    )
                    for cell, judged, kinds in theirs
                }
        return found

    def _refusal(self, cell: Observed, judged: Judged, kinds: Mapping[str, int]) -> tuple[str, str] | None:
        """Return who refuses somebody all rows that are declared, and how; None where one of them can be written."""
        if cell.shape == "insert":
            if any(cell.reached.get(kind) for kind in kinds) or not any(cell.masked.get(kind) for kind in kinds):
                return None
            return None if EXCUSED.search(cell.message) else (cell.refusal, cell.message)
        if not any(cell.reached.get(kind) or cell.masked.get(kind) for kind in kinds):
            return None
        answer = self._asked(judged, lambda: self.observatory.confirm(cell, kinds))
        if answer is None or answer["done"] or answer["refusal"] not in ("trigger", "constraint", "broken"):
            return None
        message = str(answer["message"] or "")
        return None if EXCUSED.search(message) else (str(answer["refusal"]), message)

    def _as_clients_do(self, cell: Observed, judged: Judged) -> Iterator[Judged]:
        """Judge what clients send beside the plain commands: getting a new row back, saving a row again, moving one."""
        if cell.relation == CHANNELS:  # what is sent there, the service sends
            return
        if cell.shape == "insert":
            seen = _sets(self.declaration, cell.actor, "select")
            for kind in self._expected(cell, "insert"):
                if cell.reached.get(kind) and kind in cell.sample and self._may(kind, seen):
                    answer = self._asked(judged, lambda kind=kind: self.observatory.returned(cell, cell.sample[kind]))
                    if answer is not None and not answer["done"]:
                        yield self._locked(judged, "insert and get back", 1, answer)
                        return
        elif cell.shape == "update":
            if cell.actor not in self.barred:
                yield from self._saving(cell, judged)
            yield from self._moving(cell, judged)

    def _saving(self, cell: Observed, judged: Judged) -> Iterator[Judged]:
        commands = ("select", "insert", "update")
        given = [_sets(self.declaration, cell.actor, command) for command in commands]
        for kind in cell.reached:
            if kind in cell.sample and all(self._may(kind, sets) for sets in given):
                answer = self._asked(judged, lambda kind=kind: self.observatory.saved(cell, cell.sample[kind]))
                if answer is not None and not answer["done"]:
                    yield self._locked(judged, "save again (upsert)", cell.reached[kind], answer)
                return

    def _locked(self, judged: Judged, shape: str, missing: int, answer: Mapping[str, Any]) -> Judged:
        note = safe(str(answer["message"] or ""))
        return replace(
            judged, shape=shape, verdict=Cell.LOCKOUT, missing=missing, refused_by=str(answer["refusal"]), note=note
        )

    def _moving(self, cell: Observed, judged: Judged) -> Iterator[Judged]:
        """Judge whether a row can be given away that is one's own, such as into another tenant.

        A row is whose it is that may write it: that others see it, such as when it is published, is for reading to say.
        """
        columns = self._deciding(cell.actor)
        places = self._writes(cell.actor)
        if not columns or not places or CAST[cell.actor].id is None:
            return
        others = {
            who.id: self._writes(name)
            for name, who in CAST.items()
            if name in API_ACTORS and who.id and name != cell.actor
        }
        answer = self._asked(judged, lambda: self.observatory.moved(cell, columns, places, others))
        if answer is not None and answer["col"]:
            shape = f"move to another's by column {answer['col']} of"
            names = self.observatory.policies(cell, answer["example"]) if self.security else ()
            note = "" if self.security else UNGUARDED
            leak = replace(judged, shape=shape, verdict=Cell.LEAK, declared=(), leaked=1, reached=1)
            yield replace(leak, policies=names, note=note)

    def _writes(self, actor: str) -> list[int]:
        """Return the places, from 1, of the sets that somebody may write; none where they may write all rows."""
        sets = {each for command in COMMANDS[1:] for each in _sets(self.declaration, actor, command)}
        return [] if ALL in sets else sorted(self.names.index(each) + 1 for each in sets)

    def _deciding(self, actor: str) -> list[str]:
        """Return the columns that the declared sets are about and that somebody may change and give away."""
        told = " ".join(self.declaration.rows.values()).lower()
        kept = {*_columns(self.declaration.fixed, actor), *_columns(self.declaration.moves, actor)}
        words = {*re.findall(r"[^\W\d][\w$]*", told)}
        return [name for name in sorted(self.columns) if name.lower() in words and name not in kept]

    def _may(self, kind: str, sets: Sequence[str]) -> bool:
        return ALL in sets or any(kind[self.names.index(name)] == "1" for name in sets)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the table's policies."""
        self.observatory.cursor.execute(
            """
            select coalesce(string_agg(concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                                                 pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)), ' '), '')
            from pg_temp.audit_table t join pg_catalog.pg_policy p on p.polrelid = t.id where t.relation = %s
            """,
            [self.observed[0].relation],
        )
        ((text,),) = self.observatory.cursor.fetchall()
        return frozenset(each.lower() for each in re.findall(r"[^\W\d][\w$]*", text))

    def seen(self, actor: str) -> list[str]:
        """Return the kinds of rows that somebody may read."""
        allowed = _allowed(self.declaration, actor, "select")
        everything = {kind for cell in self.observed for kind in cell.everything if cell.shape == "select"}
        return sorted(kind for kind in everything if self._may(kind, allowed))

    def beyond(self, cell: Observed) -> dict[str, int]:
        """Return what an observed cell reaches beyond what is declared, by kinds."""
        allowed = _allowed(self.declaration, cell.actor, cell.shape.removesuffix(" blind"))
        return {kind: n for kind, n in cell.reached.items() if not self._may(kind, allowed)}

    def _judged(self, cell: Observed) -> Judged:
        command = cell.shape.removesuffix(" blind")
        sets = _sets(self.declaration, cell.actor, command)
        allowed = _allowed(self.declaration, cell.actor, command)
        seen = _sets(self.declaration, cell.actor, "select")
        judged = Judged(
            cell.actor,
            cell.relation,
            cell.shape,
            Cell.OK,
            declared=allowed,
            rows=sum(cell.everything.values()),
            reached=sum(cell.reached.values()),
            refused_by=cell.refusal,
            note=safe(cell.message) if cell.refusal == "broken" else "",
            taken=tuple(map(json.dumps, cell.taken)),
        )
        if (command, cell.actor) in self.declaration.unsaid:
            return replace(judged, verdict=Cell.UNDECLARED, declared=())
        if cell.refusal == "unanswered":
            self.doubts.append(f"{judged.object} gave no answer: {cell.message}")
            return replace(judged, verdict=Cell.UNCHECKED, note=cell.message)

        extra = self.beyond(cell)
        if extra:
            return self._leaking(cell, judged, extra)
        # Whoever names a column in WHERE changes what they see; what is written blindly is judged by its own shape.
        seeing = command in ("update", "delete") and cell.shape == command
        expected = {
            kind: n
            for kind, n in cell.everything.items()
            if self._may(kind, sets) and not (seeing and not self._may(kind, seen))
        }
        missing = self._missing(cell, sets, expected)
        if missing:
            verdict = Cell.BROKEN if cell.refusal == "broken" else Cell.LOCKOUT
            return replace(judged, verdict=verdict, missing=missing)
        if cell.refusal == "broken":
            # Where no row comes as far as to be of a kind, none is inserted.
            nothing = command == "insert" and bool(sets) and not cell.everything
            return replace(judged, verdict=Cell.BROKEN, missing=int(nothing))
        outside = [kind for kind in cell.everything if not self._may(kind, allowed)]
        if any(kind in cell.masked for kind in outside):
            return replace(judged, verdict=Cell.MASKED)
        if cell.refusal != "grant" and ((not outside and ALL not in allowed) or not cell.everything):
            return replace(judged, verdict=Cell.VACUOUS)
        if cell.doubtful:
            return self._writable(cell, judged)
        return judged

    def _missing(self, cell: Observed, sets: Sequence[str], expected: Mapping[str, int]) -> int:
        if cell.shape != "insert":
            return sum(n - cell.reached.get(kind, 0) - cell.masked.get(kind, 0) for kind, n in expected.items())
        if cell.refusal == "grant":
            return 1 if sets else 0
        # A row that is offered may fail for reasons of its own: a set is locked when no row of it comes through.
        let_through = [k for k in expected if cell.reached.get(k, 0) or cell.masked.get(k, 0)]
        return 0 if let_through else sum(expected.values())

    def _leaking(self, cell: Observed, judged: Judged, extra: Mapping[str, int]) -> Judged:
        samples: list[object] = [cell.sample[kind] for kind in extra if kind in cell.sample]
        if cell.shape not in ("select", "insert"):
            answer = self._asked(judged, lambda: self.observatory.confirm(cell, extra))
            if answer is None:
                return replace(judged, verdict=Cell.UNCHECKED)
            if not answer["done"]:
                refused = answer["refusal"]
                verdict = Cell.OK if refused in ("row level security", "") else Cell.MASKED
                return replace(
                    judged, verdict=verdict, refused_by=refused, reached=judged.reached - sum(extra.values())
                )
            samples = [answer["example"], *(samples if cell.shape.startswith("delete") else ())]
        shown = self.observatory.showing(cell, extra) if self.security and cell.shape == "select" else ()
        names = shown or (self.observatory.policies(cell, *samples) if self.security else ())
        return replace(
            judged,
            verdict=Cell.LEAK,
            leaked=sum(extra.values()),
            policies=names,
            note="" if self.security else UNGUARDED,
        )

    def _writable(self, cell: Observed, judged: Judged) -> Judged:
        """Tell a lockout where USING lets rows through and WITH CHECK takes nothing that was tried."""
        answer = self._asked(judged, lambda: self.observatory.confirm(cell, cell.reached))
        if answer is not None and not answer["done"] and answer["refusal"] == "row level security":
            note = "no value that was tried passes WITH CHECK"
            return replace(
                judged, verdict=Cell.LOCKOUT, missing=judged.reached, refused_by="row level security", note=note
            )
        return judged

    def _of_columns(self, cell: Observed, judged: Judged) -> Iterator[Judged]:
        """Judge columns that an actor may not read, or not change."""
        if not cell.reached:
            return
        if cell.shape == "select":
            hidden = _columns(self.declaration.hidden, cell.actor)
            readable = self._readable(cell) if hidden else set()
            for column in hidden:
                leak = column in readable
                yield replace(
                    judged,
                    shape=f"select column {column} of",
                    verdict=Cell.LEAK if leak else Cell.OK,
                    leaked=judged.reached if leak else 0,
                    reached=judged.reached if leak else 0,
                    missing=0,
                    declared=(),
                    refused_by="" if leak else "grant",
                    policies=(),
                    note=self._by(cell, "select") if leak else "",
                )
        elif cell.shape == "update" or (cell.shape == "update blind" and self._refused(cell.actor, "update")):
            for column in _columns(self.declaration.fixed, cell.actor):
                of_column = replace(
                    judged, shape=f"update column {column} of", declared=(), missing=0, leaked=0, policies=(), note=""
                )
                answer = self._asked(of_column, lambda column=column: self.observatory.change(cell, column))
                if answer is None:
                    yield replace(of_column, verdict=Cell.UNCHECKED)
                    continue
                leak = bool(answer["done"])
                refused = str(answer["refusal"])
                verdict = Cell.LEAK if leak else Cell.MASKED if refused in ("trigger", "constraint") else Cell.OK
                leaked = judged.reached if leak else 0
                note = self._by(cell, "update") if leak else ""
                yield replace(of_column, verdict=verdict, leaked=leaked, reached=leaked, refused_by=refused, note=note)

    def _refused(self, actor: str, shape: str) -> bool:
        return any(c.actor == actor and c.shape == shape and c.refusal == "grant" for c in self.observed)

    def _of_grants(self, cell: Observed, judged: Judged) -> Iterator[Judged]:
        """Judge whether an actor may name those columns in a command that are declared, and no others."""
        declared = _columns(self.declaration.columns.get(cell.shape, {}), cell.actor)
        if not declared or not cell.reached:
            return
        granted = self._granted(cell, cell.shape)
        elsewhere = {"select": self.declaration.hidden, "update": self.declaration.fixed}.get(cell.shape, {})
        for column in sorted((granted ^ {*declared}) - {*_columns(elsewhere, cell.actor)}):
            leak = column in granted
            # Who is to reach no row lacks no column: that they reach one is the leak.
            if not leak and not judged.declared:
                continue
            yield replace(
                judged,
                shape=f"{cell.shape} column {column} of",
                verdict=Cell.LEAK if leak else Cell.LOCKOUT,
                leaked=judged.reached if leak else 0,
                reached=judged.reached if leak else 0,
                missing=0 if leak else judged.reached,
                declared=(),
                refused_by="" if leak else "grant",
                policies=(),
                note=self._by(cell, cell.shape) if leak else "",
            )

    def _by(self, cell: Observed, privilege: str) -> str:
        """Say whether the actor's role holds a privilege on the whole table, or on columns of it."""
        cursor = self.observatory.cursor
        cursor.execute(
            "select pg_catalog.has_table_privilege(%s, t.id, %s) from pg_temp.audit_table t where t.relation = %s",
            [CAST[cell.actor].role, privilege, cell.relation],
        )
        return BY_GRANT_ON_ALL if cursor.fetchone() == (True,) else BY_GRANT

    def _granted(self, cell: Observed, privilege: str) -> set[str]:
        """Return the columns of a table that the actor's role holds a privilege on."""
        cursor = self.observatory.cursor
        cursor.execute(
            """
            select a.attname::text from pg_temp.audit_table t join pg_catalog.pg_attribute a on a.attrelid = t.id
            where t.relation = %s and a.attnum > 0 and not a.attisdropped
            and pg_catalog.has_column_privilege(%s, t.id, a.attnum, %s)
            """,
            [cell.relation, CAST[cell.actor].role, privilege],
        )
        return {name for (name,) in cursor.fetchall()}

    def _readable(self, cell: Observed) -> set[str]:
        """Return the columns that the actor's role may read, or read a generated column of, which says the same."""
        cursor = self.observatory.cursor
        cursor.execute(
            """
            select a.attname::text
            from pg_temp.audit_table t
            join pg_catalog.pg_attrdef g on g.adrelid = t.id
            join pg_catalog.pg_attribute m on m.attrelid = t.id and m.attnum = g.adnum and m.attgenerated <> ''
            join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                and d.refobjid = t.id
                -- Before PostgreSQL 15 the column itself depends on the other, later its default does.
                and (d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = g.oid
                     or d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = t.id
                        and d.objsubid = g.adnum)
            join pg_catalog.pg_attribute a on a.attrelid = t.id and a.attnum = d.refobjsubid and not a.attisdropped
            where t.relation = %s and pg_catalog.has_column_privilege(%s, t.id, g.adnum, 'select')
            """,
            [cell.relation, CAST[cell.actor].role],
        )
        repeated = {name for (name,) in cursor.fetchall()}
        return repeated | self._granted(cell, "select")

    def _asked(self, judged: Judged, ask: Any) -> dict[str, Any] | None:  # noqa: ANN401
        try:
            answer: dict[str, Any] = ask()
        except psycopg.Error as error:
            if self.observatory.cursor.connection.closed:
                raise
            self.doubts.append(f"{judged.object} gave no answer: {describe(error)}")
            return None
        return answer


class _Following:
    """Tells which leaks follow from others: a policy that asks another table obeys that table's policies.

    Whoever may see too many posts sees too many comments below them. Each leak is observed again while the actor sees,
    of the other tables that they read too much of, what is declared and no more: where it is gone, it follows.
    """

    def __init__(self, observatory: Observatory, tables: Mapping[str, _Table], cells: Sequence[Judged]) -> None:
        self.observatory = observatory
        self.tables = tables
        self.cells = cells
        self.left = MOST_FOLLOWED
        self.asked: dict[str, set[str]] = {}

    def marked(self) -> list[Judged]:
        """Return the cells; those that follow from others say from which tables."""
        leaks = [cell for cell in self.cells if cell.verdict is Cell.LEAK and cell.shape in SHAPES]
        known: dict[tuple[str, str, str], Judged] = {}
        for actor in dict.fromkeys(cell.actor for cell in leaks):
            theirs = [cell for cell in leaks if cell.actor == actor]
            roots = {cell.relation for cell in theirs if cell.shape == "select"}
            for name in sorted({cell.relation for cell in theirs}, key=lambda name: (-len(self._asks(name)), name)):
                if others := roots - {name} if self._asks(name) & (roots - {name}) else set():
                    cells = self._beside([cell for cell in theirs if cell.relation == name], actor, others)
                    known |= {(actor, name, cell.shape): cell for cell in cells}
                    # What follows is no cause of others, so that two tables that ask each other are not both silent.
                    if any(cell.shape == "select" and cell.follows for cell in cells):
                        roots.discard(name)
        return [known.get((cell.actor, cell.relation, cell.shape), cell) for cell in self.cells]

    def _asks(self, name: str) -> set[str]:
        """Return the tables that the rules of a table name, and those that their rules name."""
        if name in self.asked:
            return self.asked[name]
        found: set[str] = set()
        waiting = [name]
        while waiting:
            words = self.tables[waiting.pop()].words
            near = {other for other in self.tables if other.rpartition(".")[2].strip('"').lower() in words}
            waiting += near - found
            found |= near
        self.asked[name] = found - {name}
        return self.asked[name]

    def _beside(self, cells: Sequence[Judged], actor: str, others: set[str]) -> list[Judged]:
        """Return the cells of a table as they are while the actor sees less of the others."""
        self.left -= 1
        if self.left < 0:
            return []
        limits = {other: self.tables[other].seen(actor) for other in others}
        try:
            with self.observatory.limited(limits, actor):
                return [self._rest(cell, others) for cell in cells]
        except psycopg.Error:
            if self.observatory.cursor.connection.closed:
                raise
            return []

    def _rest(self, cell: Judged, others: set[str]) -> Judged:
        """Return a cell that follows, or that some policies alone let through, as such."""
        observed, table = self.observatory.again(cell), self.tables[cell.relation]
        extra = table.beyond(observed)
        if observed.refusal == "broken":
            return cell
        if not extra:
            return replace(cell, follows=tuple(sorted(self._asks(cell.relation) & others)))
        shown = self.observatory.showing(observed, extra) if cell.shape == "select" and cell.policies else ()
        left = tuple(name for name in cell.policies if name in shown)
        return replace(cell, policies=left) if left else cell


# Of the functions that are here, and declared for somebody.
MAY_CALL = """
select p.oid::pg_catalog.regprocedure::text, w.role,
       pg_catalog.has_schema_privilege(w.role, n.oid, 'usage')
       and pg_catalog.has_function_privilege(w.role, p.oid, 'execute'),
       -- The schema would open all else that is in it and for everybody.
       case when pg_catalog.has_schema_privilege(w.role, n.oid, 'usage')
       then pg_catalog.format('grant execute on function %%s to %%I;', p.oid::pg_catalog.regprocedure, w.role)
       else '-- Its schema is closed: put it, or what calls it, into one that is open, or decide to open it.'
       end
from unnest(%s::text[], %s::text[]) as w (name, role)
join pg_catalog.pg_proc p on p.oid = pg_catalog.to_regprocedure(w.name)
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
order by 1, 2
"""


class Matrix:
    """The asker of the matrix: ``matrix.leaks()`` and ``matrix.lockouts()`` return the cells that differ.

    ``observed`` keeps what was observed, as long as the database stays as it is: several policies ask about it.
    """

    def __init__(self, stage: Stage, observed: list[Judgement]) -> None:
        self.stage = stage
        self.observed = observed

    def judgement(self) -> Judgement:
        """Return the whole matrix. Raises Unchecked on a live database, and when the server gave no answer."""
        if not self.observed:
            try:
                self.observed.append(judge(self.stage))
            except psycopg.Error as error:
                raise Unchecked(f"the matrix could not be observed: {describe(error)}") from error
        return self.observed[0]

    def leaks(self, *actors: str) -> Evidence:
        """Return where somebody (one of ``actors``, else anybody) reaches more than is declared."""
        found = [cell for cell in self._cells(actors) if cell.verdict is Cell.LEAK]
        return self._evidence(found, "more than is declared", actors, self._doubts())

    def guests(self) -> Evidence:
        """Return where a guest reaches more than is declared, or what other policies of a table refuse to guests."""
        evidence = self.leaks("guest")
        found = self._doubtful(("guests",), "guests reach what is for members, where nobody has declared it")
        return evidence + found if found.rows else evidence

    def lockouts(self, *actors: str) -> Evidence:
        """Return where somebody reaches less than is declared, or where a policy fails for rows that are declared."""
        found = [
            cell
            for cell in self._cells(actors)
            # Who is nobody in this database is locked out for that.
            if cell.missing and cell.verdict in (Cell.LOCKOUT, Cell.BROKEN) and cell.actor not in self.stage.strangers
        ]
        evidence = self._evidence(found, "less than is declared", actors, self._doubts())
        calls = self._calls()
        return evidence + calls if calls is not None else evidence

    def _calls(self) -> Evidence | None:
        """Return the functions that a role may not call though they are declared for it; None where none is here."""
        wanted = sorted({(name, CAST[who].role) for name, whom in self.stage.known["callers"].items() for who in whom})
        if not wanted:
            return None
        try:
            with self.stage.savepoint(None, "json", keep=False) as cursor:
                cursor.execute("set local search_path = ''")
                cursor.execute(MAY_CALL, [[name for name, _ in wanted], [role for _, role in wanted]])
                found = cursor.fetchall()
        except psycopg.Error as error:
            raise Unchecked(f"who may call what could not be asked: {describe(error)}") from error
        if not found:
            return None
        return Evidence(
            missing_calls(found),
            about="functions can be called by whom they are declared for",
            log=self.stage.log,
            population=Population(len(found), "declared callers"),
            question=MAY_CALL,
        )

    def beyond(self, actor: str, other: str) -> Evidence:
        """Return where ``actor`` reaches rows that ``other`` does not, unless that is declared.

        Of a table that nobody declared, only what somebody with an id does not reach either: what everybody signed in
        reaches was opened to them, and whether that is meant is for a declaration to say.
        """
        reached = {(cell.actor, cell.relation, cell.shape): cell.reached for cell in self._cells(())}
        signed_in = [name for name in API_ACTORS if CAST[name].id]

        def theirs(cell: Judged) -> bool:
            others = (other, *signed_in) if cell.verdict is Cell.UNDECLARED else (other,)
            most = max(reached.get((name, cell.relation, cell.shape), 0) for name in others)
            declared = cell.verdict is Cell.OK and bool(cell.declared)
            return " column " not in cell.shape and not declared and cell.reached > most

        found = [cell for cell in self._cells((actor,)) if theirs(cell)]
        unanswered = [f"{c.object} gave no answer" for c in self._cells((actor, other)) if c.verdict is Cell.UNCHECKED]
        return self._evidence(found, f"more than {other}", (actor,), [*unanswered, *_untold(self._cells((actor,)))])

    def crossings(self) -> Evidence:
        """Return which policies open to anybody's tenant what the others of an undeclared table keep to one."""
        return self._doubtful(
            tuple(kind for kind in KINDS if kind not in ("guests", "codes", "persons")),
            "whose the rows are, where nobody has declared it",
        )

    def codes(self) -> Evidence:
        """Return which policies of undeclared tables show outsiders what lets one in."""
        return self._doubtful(("codes",), "codes and links are for whoever was given them")

    def persons(self) -> Evidence:
        """Return which policies of undeclared tables show visitors how persons are reached."""
        return self._doubtful(("persons",), "visitors do not learn how persons are reached")

    def _doubtful(self, kinds: Sequence[str], about: str) -> Evidence:
        judgement = self.judgement()
        doubts = [
            *([self.stage.doubt] if self.stage.doubt else []),
            *(text for of, text in judgement.unread if of in kinds),
        ]
        of = "undeclared tables with rules about whose the rows are"
        return Evidence(
            doubt_rows(each for each in judgement.doubtful if each.kind in kinds),
            about=about,
            log=self.stage.log,
            population=Population(len(judgement.inventoried), of),
            unjudgeable=doubts[0] + (f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else "") if doubts else "",
        )

    def _doubts(self) -> list[str]:
        """Why it proves nothing that nobody differs: of what is undeclared, empty or undecided nobody knows."""
        judgement = self.judgement()
        exposed = tuple(f"{schema}." for schema in self.stage.known["exposed"])
        undecided = [condition for condition in self.stage.undecided if condition.startswith(exposed)]
        told = (*_untold(judgement.cells), *_vacuous(judgement.cells))
        return [*judgement.doubts, *judgement.undeclared, *told, *undecided]

    def _cells(self, actors: Sequence[str]) -> list[Judged]:
        return [cell for cell in self.judgement().cells if not actors or cell.actor in actors]

    def _evidence(self, found: Sequence[Judged], what: str, actors: Sequence[str], doubts: Sequence[str]) -> Evidence:
        who = " and ".join(actors) or "anybody"
        return Evidence(
            findings(found),
            about=f"the matrix: {who} reaches {what}",
            log=self.stage.log,
            population=Population(
                len(self._cells(actors)), "cells of actor, table and command", idle=self.judgement().misfits
            ),
            unjudgeable=doubts[0] + (f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else "") if doubts else "",
            remedy=_remedy(doubts),
        )


def _remedy(doubts: Sequence[str]) -> str:
    """Return what would settle the first of some doubts; "" where its own words say it."""
    first = doubts[0] if doubts else ""
    known = {UNREVIEWED: REVIEW, UNDECLARED: PROPOSE, NOBODY: DECLARE}
    return next((remedy for words, remedy in known.items() if words in first), "")


def _untold(cells: Sequence[Judged]) -> list[str]:
    """Return the tables that some actor may read and that have no row that could tell whether it is too much.

    Declared ones come first: they are those that somebody expects something of.
    """
    empty = [c for c in cells if c.shape == "select" and not c.rows and c.refused_by != "grant"]
    found = dict.fromkeys(c.relation for c in sorted(empty, key=lambda c: c.verdict is Cell.UNDECLARED))
    return [f"{name} has no rows, which proves nothing" for name in found]


def _vacuous(cells: Sequence[Judged]) -> list[str]:
    """Return the tables and commands of which every row is somebody's to reach, whoever of a kind may use the command.

    None of them could be seen to reach too much. Whoever has all rows by right, such as an administrator, tells
    nothing; and what callers without an id are kept from tells nothing of members.
    """
    asked: dict[tuple[str, str, bool], list[Judged]] = {}
    for cell in cells:
        if cell.shape in SHAPES and cell.refused_by != "grant" and cell.rows and cell.verdict is not Cell.UNDECLARED:
            asked.setdefault((cell.relation, cell.shape, CAST[cell.actor].id is None), []).append(cell)
    told = {
        (relation, shape): those
        for (relation, shape, _), those in asked.items()
        if all(cell.verdict is Cell.VACUOUS for cell in those)
    }
    return [
        f"{relation} has no row that {shape} could reach beyond {safe(', '.join(those[0].declared))}"
        for (relation, shape), those in told.items()
    ]

"""Chains: what somebody may change, and whose reach that widens.

Each actor changes a column of a row, or inserts a row and changes that, as far as the rules let them; then
everybody's reach is read again and compared (``chains.sql``, on top of ``matrix.sql``).

Only columns that somebody's reach can depend on are tried, and only the tables whose rules depend on them are read
again. That leaves nothing out: a row is reached by grants, which no row changes, and by policies; a policy knows of a
column by its name, in its own text or in that of the functions, views and policies that it leads to; where such a text
makes up statements as it runs, or turns whole rows into documents, every column counts. What a trigger may carry
elsewhere counts as well. The changed row itself is no gain, so that a column counts only where it is read for other
rows: by a sub-select, a function or a view.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from audit.access.gains import BY_CALL, RANK, Found, doors, findings, meant
from audit.access.matrix import MOST_ROWS
from audit.access.matrix import SQL as MATRIX
from audit.access.offices import beyond_what_is_meant
from audit.access.results import API_ACTORS
from audit.actors import ACTING, Actor, Stage
from audit.catalog.calls import Calls, Source, calls_of
from audit.catalog.expressions import RULES as POLICIES
from audit.catalog.expressions import parsed
from audit.evidence import Evidence, Population, Unchecked, safe
from audit.names import CONTACT_COLUMN, OWNERS
from audit.people import CAST, Identity
from audit.probes.calling import Routine, own_rows, planned, remembered, without_codes
from audit.question import Cursor, define, short_ms, together
from audit.seeding.rules import noted, read_rules
from audit.seeding.tables import read
from audit.seeding.values import deciding
from audit.server_errors import describe

SQL = Path(__file__).with_suffix(".sql")

# How long one person's changes of one table may take, and all of them together.
TABLE_MS = 5000
ALL_S = 60
MOST_WORDS = 12
# How many functions are called at once.
MOST_CALLED = 16
# How many of the tables that are ruled alike are looked at after a change.
MOST_ALIKE = 2

# The exposed tables, with what their policies say: those that are for the roles of the API, and all of them. "Alike" is
# the same for tables that are ruled alike, but for their own names: by policies, grants, and what they refer to.
RULES = f"""
with {POLICIES}
select t.relation, n.nspname::text, c.relname::text,
       array(select e from rules x, unnest(array[x."using", x."check"]) as e
             where x.relation = t.id and x.roles <> '{{}}' and e is not null) as own,
       array(select e from rules x, unnest(array[x."using", x."check"]) as e
             where x.relation = t.id and e is not null) as every,
       exists (select from rules x where x.relation = t.id and x.roles <> '{{}}') as ruled,
       pg_catalog.md5(pg_catalog.replace(concat_ws(
           ' ', (select string_agg(concat_ws(' ', x.command, x.roles, x.permissive, x."using", x."check"), ' '
                                   order by x.name) from rules x where x.relation = t.id),
           c.relacl, (select string_agg(a.attname || a.attacl::text, ' ' order by a.attname)
                      from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attacl is not null),
           (select string_agg(concat_ws(' ', k.confrelid, a.attname), ' ' order by a.attname)
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
            where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid)), c.relname::text, '~')) as alike
from pg_temp.audit_table t
join pg_catalog.pg_class c on c.oid = t.id
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
"""

# The functions of each exposed table's triggers.
TRIGGERS = """
select t.relation, g.tgfoid::bigint
from pg_temp.audit_table t
join pg_catalog.pg_trigger g on g.tgrelid = t.id and not g.tgisinternal and g.tgenabled in ('O', 'A')
join pg_catalog.pg_proc f on f.oid = g.tgfoid and f.proname !~ '^(audit|chain)_'
"""

# What rules make of writes to each exposed table (CREATE RULE), which is done with its owner's rights as well.
REWRITTEN = """
select t.relation, n.nspname::text, r.rulename::text, pg_catalog.pg_get_ruledef(r.oid)
from pg_temp.audit_table t
join pg_catalog.pg_class c on c.oid = t.id join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_rewrite r on r.ev_class = t.id and r.ev_type <> '1' and r.ev_enabled in ('O', 'A')
"""

# What has to come to an end before anything is tried: reading each table, a write where a trigger fires, the functions.
REHEARSED = {
    "remember": "select relation from pg_temp.audit_table order by 1",
    "touch": """
        select t.relation from pg_temp.audit_table t
        where exists (select from pg_catalog.pg_trigger g join pg_catalog.pg_proc f on f.oid = g.tgfoid
                      where g.tgrelid = t.id and not g.tgisinternal and g.tgenabled in ('O', 'A')
                      and f.proname !~ '^(audit|chain)_')
        and exists (select from pg_temp.audit_grant g
                    where g.relation = t.relation and (g.inserts is not null or g.updatable is not null or g.deletes))
        order by 1
    """,
    "rehearse": "select name from pg_temp.chain_function order by 1",
}

# Columns that say in which state something or somebody is.
STATE = re.compile(
    r"(^|_)(state|status|stage|visibility|public|private|active|enabled|accepted|approved|verified|confirmed|published"
    r"|draft|archived|deleted|banned|blocked|revoked|pending|expires?|until|token|code|key)($|_)|_at$|^is_|^has_|^can_"
)

# By what people are found: columns of the same kind are compared with each other.
ADDRESSES = {
    "mail": re.compile(r"(^|_)(e_?)?mail($|_)", re.IGNORECASE),
    "phone": re.compile(r"(^|_)(phone|mobile|tel|telephone|whatsapp)($|_)", re.IGNORECASE),
    "name": re.compile(r"(^|_)(user_?name|handle|login|nick(name)?|screen_?name|domain)($|_)", re.IGNORECASE),
}
MOST_ADDRESSES = 8
# A name of such a column in a body.
_NAMED = {
    kind: re.compile(names.pattern.replace("^", r"\b").replace("$", r"\b"), re.IGNORECASE)
    for kind, names in ADDRESSES.items()
}
# Of how many addresses somebody takes one before a function is called, and before how many of its calls.
MOST_TAKEN, MOST_SECOND = 8, 2

# The columns of text that a role may change.
ADDRESSED = """
select t.relation, a.attname::text, g.role::text
from pg_temp.audit_table t
join pg_temp.audit_grant g on g.relation = t.relation
join pg_catalog.pg_attribute a on a.attrelid = t.id and a.attname = any (g.updatable)
join pg_catalog.pg_type y on y.oid = a.atttypid and y.typcategory = 'S'
order by 1, 2
"""
TEXT_COLUMNS = """
select t.relation, a.attname::text
from pg_temp.audit_table t
join pg_catalog.pg_attribute a on a.attrelid = t.id and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type y on y.oid = a.atttypid and y.typcategory = 'S'
order by 1, 2
"""

# The columns of text of some relations.
TEXTS = """
select c.oid::pg_catalog.regclass::text, a.attname::text
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type y on y.oid = a.atttypid and y.typcategory = 'S'
where c.relkind in ('r', 'p') and (c.oid = any (%s) or c.oid = pg_catalog.to_regclass('auth.users'))
order by 1, a.attnum
"""

# The relations that are called so, or that are in these schemas by these names.
RELATIONS = """
select n.nspname::text, c.relname::text, c.oid::pg_catalog.regclass::text, c.oid::text
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and (
    c.oid::pg_catalog.regclass::text = any (%s::text[])
    or exists (select from unnest(%s::text[], %s::text[]) as g (schema, name)
               where g.schema = n.nspname and g.name = c.relname))
"""

# The columns that refer to a row of another exposed table.
LINKS = """
select p.relation, k.attname::text, c.relation, a.attname::text
from pg_catalog.pg_constraint x
join pg_temp.audit_table c on c.id = x.conrelid
join pg_temp.audit_table p on p.id = x.confrelid and p.id <> c.id
join pg_catalog.pg_attribute a on a.attrelid = x.conrelid and x.conkey operator(pg_catalog.=) array[a.attnum]
join pg_catalog.pg_attribute k on k.attrelid = x.confrelid and k.attnum = x.confkey[1]
where x.contype = 'f'
and exists (select from pg_temp.audit_grant g where g.relation = p.relation and g.inserts is not null and g.admits)
and exists (select from pg_temp.audit_grant g where g.relation = c.relation and g.inserts is not null and g.admits)
order by 1, 3, 4
"""

# A trigger that executes a statement made up as it runs may write to anything.
EXECUTES = re.compile(r"\bexecute\b", re.IGNORECASE)

# A text that can mean a column without naming it.
UNNAMED = re.compile(r"\bexecute\b|\b(?:to_jsonb?|row_to_json|jsonb?_agg|hstore)\s*\(", re.IGNORECASE)

# Functions that read for whoever asks about a row: what they answer is reach as well.
ANSWERS = """
select case when p.prosrc = '' then pg_catalog.pg_get_functiondef(p.oid) else p.prosrc end
from pg_catalog.pg_proc p
where p.prokind = 'f' and p.provolatile <> 'v' and p.proargtypes[0] = 'pg_catalog.uuid'::pg_catalog.regtype
and p.prorettype <> 'pg_catalog.bool'::pg_catalog.regtype
and p.pronamespace not in (
    select n.oid from pg_catalog.pg_namespace n where n.nspname ~ '^pg_|^information_schema$')
"""

COLUMNS = """
select t.relation, a.attname::text
from pg_temp.audit_table t join pg_catalog.pg_attribute a on a.attrelid = t.id and a.attnum > 0 and not a.attisdropped
where a.attgenerated = ''
"""

# The columns that generated ones are made of: which of the two depends on them hangs on the server's version.
# https://www.postgresql.org/docs/current/catalog-pg-depend.html
GENERATED = """
select t.relation, a.attname::text, g.attname::text
from pg_temp.audit_table t
join pg_catalog.pg_attribute g on g.attrelid = t.id and g.attgenerated <> ''
join pg_catalog.pg_attrdef f on f.adrelid = t.id and f.adnum = g.attnum
join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = t.id
    and (d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = f.oid
         or d.classid = d.refclassid and d.objid = t.id and d.objsubid = g.attnum)
join pg_catalog.pg_attribute a on a.attrelid = t.id and a.attnum = d.refobjsubid and a.attnum <> g.attnum
"""


@dataclass(frozen=True)
class Rules:
    """What decides who reaches the rows of one table: the text of its policies and of all they lead to.

    ``reads`` are the exposed tables that it reads, ``looks_at`` all relations, by schema and name; ``alike`` is the
    same for tables that are ruled alike.
    """

    text: str
    reads: frozenset[str]
    looks_at: frozenset[tuple[str, str]] = frozenset()
    alike: str = ""


class Link(NamedTuple):
    """A column that refers to another table's rows: whoever made such a row may have more to say below it."""

    parent: str
    key: str
    child: str
    column: str


@dataclass(frozen=True)
class Plan:
    """What is worth changing: for each table, the tables whose rules depend on a column, and on new rows.

    Of tables that are ruled alike two stand for all. ``people`` are the columns of each table that hold ids of the
    cast; ``links`` are those below new rows of which rows may be put that rules read; ``ruled`` are the tables whose
    rules depend on a table, by its number as text. ``decisive`` are the tables that have rules, or that rules or
    answers look at: nobody's reach depends on another one's rows.
    """

    columns: Mapping[str, Mapping[str, Sequence[str]]]
    rows: Mapping[str, Sequence[str]]
    words: Sequence[str]
    people: Mapping[str, frozenset[str]]
    ruled: Mapping[str, Sequence[str]]
    links: Sequence[Link]
    decisive: frozenset[str] = frozenset()

    def worth(self, relation: str, column: str) -> int:
        """Say how much a column is worth to whoever may change it: 0 a rank, 1 whose it is, 2 a state, 3 the rest."""
        if RANK.search(column):
            return 0
        if column in self.people.get(relation, ()) or column.lower() in OWNERS or CONTACT_COLUMN.search(column):
            return 1
        return 2 if STATE.search(column) else 3


def widened(people: Actor) -> Evidence:
    """Return the changes that somebody may make and that widen somebody's reach beyond the changed row.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = people.stage
    doubts = [stage.doubt] if stage.doubt else []
    found: list[Found] = []
    tried = 0
    try:
        asked = _asked_of(stage)
        calls = _calls(stage, people.people, asked)
        with _opened(stage, asked) as (cursor, plan):
            calls = _with_an_address_of_their_own(cursor, plan, calls)
            audience = json.dumps([_person(stage, CAST[name]) for name in API_ACTORS])
            slow = _remembered(cursor, stage, audience)
            doubts += [f"{name} does not answer in time" for name in sorted(slow)]
            changing = _Changing(stage, cursor, plan, audience, slow)
            for each in _batches(_tasks(plan, people.people, calls, slow)):
                found += changing.calls(each) if each[0].calls else changing.changes(each[0])
            doubts = [*changing.doubts(), *doubts]
            tried = changing.tried
            found = [each for each in found if not meant(each, stage.known.get("widens", {}))]
            found = beyond_what_is_meant(cursor, stage, found, calls_of(cursor.connection)) if found else found
            rows = findings(found, doors(cursor, found), stage.known["api_roles"])
            exposed = tuple(f"{schema}." for schema in stage.known["exposed"])
            decisive = [name for name in stage.unfilled if name.startswith(exposed) and name in plan.decisive]
    except psycopg.Error as error:
        raise Unchecked(f"changes could not be tried: {describe(error)}") from error
    doubts += [f"{name} could not be filled: {stage.unfilled[name]}" for name in decisive]
    # Where a policy lets nobody in by what other rows say, nobody sees what a change of those rows would open.
    doubts += [condition for condition in stage.undecided if condition.startswith(exposed)]
    return Evidence(
        rows,
        about="what people may change",
        log=stage.log,
        population=Population(tried, "changes that people may try"),
        unjudgeable=safe(doubts[0] + (f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else "")) if doubts else "",
        question=RULES,
    )


@dataclass(frozen=True)
class Task:
    """What one person is to try: to change columns of a table, to insert rows (no columns), or to call a function.

    ``link``: to insert rows below a new row of their own.
    """

    who: Identity
    relation: str
    columns: tuple[str, ...] = ()
    calls: tuple[Mapping[str, Any], ...] = ()
    link: Link | None = None


def _tasks(plan: Plan, people: Sequence[Identity], calls: Sequence[Call], slow: set[str]) -> list[Task]:
    """Return what is to be tried, the worst first: ranks, persons, states, the rest; of them what most depends on."""
    ranked: list[tuple[tuple[int, int, str, str], Task]] = []

    def add(worth: int, reach: int, relation: str, kind: str, tasks: Iterable[Task]) -> None:
        ranked.extend(((worth, -reach, relation, kind), task) for task in tasks)

    for relation, columns in plan.columns.items():
        by_worth: dict[int, list[str]] = {}
        for column in columns:
            by_worth.setdefault(plan.worth(relation, column), []).append(column)
        for worth, names in by_worth.items():
            reach = max(len(columns[name]) for name in names)
            add(worth, reach, relation, "update", (Task(who, relation, tuple(sorted(names))) for who in people))
    for relation, observed in plan.rows.items():
        # Whoever belongs to what is a row of its own.
        worth = 0 if len(observed) > 1 else 2
        add(worth, len(observed), relation, "insert", (Task(who, relation) for who in people))
    for link in plan.links:
        add(
            0,
            len(plan.rows[link.child]),
            link.child,
            "insert below",
            (Task(who, link.child, link=link) for who in people),
        )
    hinges = {
        column.lower(): plan.worth(relation, column) for relation in plan.columns for column in plan.columns[relation]
    }
    for who, routine, given, _ in calls:
        words = _words(routine.source) if given else ()
        worth = min((hinges[word] for word in words if word in hinges), default=4)
        add(worth, 0, who.name, "call", [Task(who, routine.signature, calls=tuple(given))] if given else [])
    return [task for _, task in sorted(ranked, key=lambda each: each[0]) if task.relation not in slow]


def _batches(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Yield the tasks in their order, some calls of one person at a time."""
    batch: list[Task] = []
    for task in tasks:
        if batch and not (task.calls and batch[0].calls and task.who == batch[0].who and len(batch) < MOST_CALLED):
            yield batch
            batch = []
        batch.append(task)
    if batch:
        yield batch


def _person(stage: Stage, who: Identity) -> dict[str, str | None]:
    return {"name": who.name, "role": who.role, "id": who.id, "claims": f"select {stage.claims_of(who)}"}


@contextmanager
def _opened(stage: Stage, asked: Asked) -> Iterator[tuple[Cursor, Plan]]:
    """Arm the tables, as the API would meet them."""
    ids = [CAST[name].id for name in API_ACTORS if CAST[name].id]
    exposed: list[str] = list(stage.known["exposed"])
    with stage.savepoint(None, "both", keep=False) as cursor:
        cursor.execute("set local lc_messages = 'C'; set local session_replication_role = replica")
        cursor.execute("set local row_security = on; set local client_min_messages = error")
        # One statement with many parameters is planned once.
        cursor.execute("set local statement_timeout = 60000; set local plan_cache_mode = force_generic_plan")
        define(cursor, ACTING + MATRIX.read_text(encoding="utf-8") + SQL.read_text(encoding="utf-8"))
        cursor.execute(
            "select pg_temp.audit_prepare(%s, %s, %s, %s)", [exposed, ["anon", "authenticated"], ids, MOST_ROWS]
        )
        path = sql.SQL(", ").join(map(sql.Identifier, [*exposed, "extensions"]))
        # Names come qualified when the path is empty.
        cursor.execute("set local session_replication_role = origin; set local search_path = ''")
        plan = _plan(cursor, asked)
        cursor.execute(sql.SQL("set local search_path = {}").format(path))
        yield cursor, plan


def _remembered(cursor: Cursor, stage: Stage, audience: str) -> set[str]:
    """Remember everybody's reach as it is; return the tables and functions that do not answer, which are left out."""
    short = short_ms(stage.known)
    cursor.execute("select pg_temp.chain_learn(%s)", [list(stage.known["exposed"])])
    cursor.execute(f"set local statement_timeout = {int(stage.known['statement_timeout_ms'])}")
    slow: set[str] = set()
    for function, which in REHEARSED.items():
        cursor.execute(which)

        def ask(names: Sequence[str], function: str = function) -> list[None]:
            cursor.execute(f"select pg_temp.chain_{function}(%s, %s)", [audience, list(names)])
            return []

        _, found = together(cursor, [name for (name,) in cursor.fetchall() if name not in slow], ask, short)
        slow |= found
    cursor.execute("delete from pg_temp.audit_table where relation = any (%s)", [list(slow)])
    cursor.execute("delete from pg_temp.chain_function where name = any (%s)", [list(slow)])
    return slow


class _Changing:
    """Lets people change what they may, as long as there is time; remembers what took too long, and what was left out.

    What takes too long for one person is not tried by the next.
    """

    def __init__(self, stage: Stage, cursor: Cursor, plan: Plan, audience: str, slow: set[str]) -> None:
        self.stage = stage
        self.cursor = cursor
        self.plan = plan
        self.audience = audience
        self.short = short_ms(stage.known)
        self.slow = {*slow}
        self.known = {*slow}
        self.left = time.monotonic() + ALL_S
        self.untried: dict[str, None] = {}
        self.tried = 0

    def doubts(self) -> list[str]:
        """Say what was not tried, or not to its end."""
        told = [f"what people may do by {name} took too long to try" for name in sorted(self.slow - self.known)]
        if self.untried:
            names = ", ".join([*self.untried][:5])
            told.append(f"no time was left for what people may do by {len(self.untried)} more, such as {names}")
        return told

    def _asked(self, names: Sequence[str], ask: Callable[[Sequence[str]], list[Any]]) -> list[Any]:
        names = [name for name in names if name not in self.slow]
        if time.monotonic() > self.left:
            self.untried |= dict.fromkeys(names)
            return []
        self.cursor.execute(f"savepoint changing; set local statement_timeout = {TABLE_MS}")
        answers, slow = together(self.cursor, names, ask, self.short)
        self.slow |= slow
        self.cursor.execute("rollback to savepoint changing; release savepoint changing")
        return answers

    def changes(self, task: Task) -> list[Found]:
        """Let one person change columns of one table, or insert rows."""
        plan, relation, who = self.plan, task.relation, task.who
        person = json.dumps(_person(self.stage, who))
        columns = {
            f"{relation}.{name}": (name, {"observed": list(observed), "words": list(plan.words)})
            for name, observed in plan.columns.get(relation, {}).items()
        }
        named = dict(columns.values())

        def update(names: Sequence[str]) -> list[Any]:
            self.cursor.execute(
                "select col, kind, tried, gains from pg_temp.chain_updates(%s, %s, %s, %s)",
                [relation, person, self.audience, json.dumps(dict(columns[name] for name in names))],
            )
            return self.cursor.fetchall()

        def insert(_names: Sequence[str]) -> list[Any]:
            self.cursor.execute(
                "select '', kind, tried, gains from pg_temp.chain_inserts(%s, %s, %s, %s, %s, %s)",
                [relation, person, self.audience, json.dumps(named), list(plan.rows[relation]), list(plan.words)],
            )
            return self.cursor.fetchall()

        def below(_names: Sequence[str]) -> list[Any]:
            parent, key, child, column = task.link or Link("", "", "", "")
            given = [parent, child, column, key, person, self.audience, json.dumps(named)]
            self.cursor.execute(
                "select '', kind, tried, gains from pg_temp.chain_below(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [*given, list(plan.rows[child]), list(plan.words)],
            )
            return self.cursor.fetchall()

        if task.link:
            answers = self._asked([f"insert {relation} below a new row of {task.link.parent}"], below)
        elif task.columns:
            answers = self._asked([f"{relation}.{name}" for name in task.columns], update)
        else:
            answers = self._asked([f"insert {relation}"], insert)
        self.tried += sum(count for _, _, count, _ in answers)
        return [Found(who.name, who.role, relation, column, kind, gains) for column, kind, _, gains in answers if gains]

    def calls(self, tasks: Sequence[Task]) -> list[Found]:
        """Let one person call some functions."""
        who, given = tasks[0].who, {task.relation: task.calls for task in tasks}

        def call(names: Sequence[str]) -> list[Any]:
            person, some = json.dumps(_person(self.stage, who)), json.dumps({name: given[name] for name in names})
            self.cursor.execute(
                "select f.key, pg_temp.chain_calls(%s, %s, f.value, %s) from pg_catalog.jsonb_each(%s) as f",
                [person, self.audience, json.dumps(self.plan.ruled), some],
            )
            return self.cursor.fetchall()

        answers = self._asked([*given], call)
        self.tried += len(answers)
        return [Found(who.name, who.role, function, "", BY_CALL, gains) for function, gains in answers if gains]


class Call(NamedTuple):
    """A function that somebody may call, with the calls to try; ``looks_at`` are the relations that it leads to."""

    who: Identity
    routine: Routine
    given: list[dict[str, Any]]
    looks_at: frozenset[str]


def _calls(stage: Stage, people: Iterable[Identity], asked: Asked) -> list[Call]:
    """Return the functions that may write, for each person who may call them, with the calls to try."""
    with remembered(stage) as cursor:
        plan = without_codes(cursor, planned(cursor, stage))
        words: dict[str, dict[str, list[str]]] = {}
        for (_, name), (table, texts) in asked.items():
            words.setdefault(table, {})[name] = texts
        plan.words = words
        plan.own = own_rows(cursor, [who.id for who in people if who.id])
        return [
            Call(
                who,
                routine,
                [
                    *(
                        {**call, "rank": bool(RANK.search(call["decides"]))}
                        for call in plan.deciding_calls(routine, who.id)
                    ),
                    *plan.calls(routine, who.id),
                ],
                _looked_at(plan.graph, routine),
            )
            for who in people
            for routine in plan.routines
            if routine.exposed
            and routine.volatile
            and not routine.returns_trigger
            and who.role in routine.roles
            # EXPO-05 says of these that nobody called them.
            and not plan.outside(routine)
        ]


# The values that decide what rules ask of a column, by the table's number and the column's name; with the table's name.
Asked = Mapping[tuple[int, str], tuple[str, list[str]]]


def _asked_of(stage: Stage) -> Asked:
    """Return the values that decide what rules ask of columns."""
    with stage.savepoint(None, "both", keep=False) as cursor:
        cursor.execute("set local statement_timeout = 60000")
        catalogue = read(cursor.connection)
        (now,) = cursor.execute("select pg_catalog.now()").fetchone() or (None,)
        asked = read_rules(cursor.connection, catalogue, {}).asked
    found = {}
    for (oid, name), hint in asked.items():
        table = catalogue.tables.get(oid)
        if table is not None and name in table.columns:
            found[oid, name] = table.name, deciding(catalogue, table.columns[name], hint, now)
    return found


def _looked_at(graph: Calls, routine: Routine) -> frozenset[str]:
    return frozenset(f"{schema}.{name}" for schema, name in graph.looks_at(graph.reached(routine.oid)))


def _with_an_address_of_their_own(cursor: Cursor, plan: Plan, calls: Iterable[Call]) -> list[Call]:
    """Add to functions that find a row by an address the calls before which the caller's own address is another's.

    The address stands in a row of the caller's that they may change, and in a row of another table that the function
    looks at.
    """
    found = list(calls)
    wanted = [each for each in found if any(names.search(each.routine.source) for names in _NAMED.values())]
    if not wanted:
        return found
    cursor.execute(ADDRESSED)
    own = [(relation, column, role) for relation, column, role in cursor.fetchall() if _address(column)]
    cursor.execute(TEXT_COLUMNS)
    there = [(relation, column) for relation, column in cursor.fetchall() if _address(column)]
    for each in wanted:
        for relation, column, role in own:
            known = plan.people.get(relation)
            if role != each.who.role or not known or not each.who.id or relation.replace('"', "") not in each.looks_at:
                continue
            others = [
                (table, name)
                for table, name in there
                if table != relation and table.replace('"', "") in each.looks_at and _address(name) == _address(column)
            ]
            for first in _takeovers(cursor, plan, (relation, column, sorted(known)[0]), each.who.id, others):
                each.given.extend({**call, "first": first} for call in each.given[:MOST_SECOND] if "first" not in call)
    return found


def _takeovers(
    cursor: Cursor, plan: Plan, own: tuple[str, str, str], me: str, others: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """Yield statements by which somebody puts an address that stands elsewhere into a row of their own.

    ``own`` are table, column, and the column that says whose a row is. Addresses in rows of somebody come first.
    """
    relation, column, person = own
    for table, name in others:
        people = [sql.SQL("{}::text").format(sql.Identifier(each)) for each in sorted(plan.people.get(table, ()))]
        held = sql.SQL("max(coalesce({})) is null").format(sql.SQL(", ").join(people)) if people else sql.SQL("1")
        cursor.execute(
            sql.SQL("select {0}::text from {1} where {0} is not null group by 1 order by {2}, 1 limit {3}").format(
                sql.Identifier(name), sql.SQL(table), held, sql.Literal(MOST_TAKEN)
            )
        )
        for (value,) in cursor.fetchall():
            yield (
                sql.SQL("update {} set {} = {} where {}::text = {}")
                .format(
                    sql.SQL(relation),
                    sql.Identifier(column),
                    sql.Literal(value),
                    sql.Identifier(person),
                    sql.Literal(me),
                )
                .as_string(None)
            )


def _plan(cursor: Cursor, asked_of: Asked) -> Plan:
    """Find out which columns, and new rows of which tables, anybody's reach may depend on."""
    graph = calls_of(cursor.connection)
    cursor.execute(RULES, {"api_roles": ["anon", "authenticated"]})
    ruled_tables = cursor.fetchall()
    rules = _closed(_ruled(ruled_tables, graph))
    cursor.execute(TRIGGERS)
    triggers: dict[str, list[Source]] = {}
    for relation, function in cursor.fetchall():
        # The function itself may only call another one, which writes.
        sources = sorted(graph.reached(function), key=lambda source: (source.schema, source.name))
        if any(source.mentions.written or EXECUTES.search(source.plain) for source in sources):
            triggers.setdefault(relation, []).extend(sources)
    cursor.execute(REWRITTEN)
    for relation, schema, rule, text in cursor.fetchall():
        triggers.setdefault(relation, []).append(Source(schema, rule, "sql", text, None, text))
    cursor.execute(COLUMNS)
    there = cursor.fetchall()
    cursor.execute(GENERATED)
    shown: dict[tuple[str, str], set[str]] = {}
    for relation, column, generated in cursor.fetchall():
        shown.setdefault((relation, column), set()).add(generated.lower())
    tables = {relation for relation, _ in there}
    spread = {relation: _spread(relation, triggers, tables) for relation in tables}
    words = {name: _words(rule.text) for name, rule in rules.items()}
    unnamed = {name for name, rule in rules.items() if UNNAMED.search(rule.text)}
    bodies = {name: "\n".join(source.plain for source in sources) for name, sources in triggers.items()}
    moved = {name: _words(text) for name, text in bodies.items()}
    cursor.execute(ANSWERS)
    asked = frozenset[str]().union(*(_words(text) for (text,) in cursor.fetchall()))
    answering = {name for name in tables if name.rpartition(".")[2].strip('"').lower() in asked}
    columns: dict[str, dict[str, list[str]]] = {}
    rows: dict[str, list[str]] = {}
    for relation, column in there:
        elsewhere = {name for name, rule in rules.items() if spread[relation] & {name, *rule.reads}}
        rows.setdefault(relation, sorted({n for n, r in rules.items() if relation in r.reads} | elsewhere))
        depends = {
            name
            for name, rule in rules.items()
            if (relation in rule.reads or (name == relation and relation in answering))
            and (words[name] & {column.lower(), *shown.get((relation, column), ())} or name in unnamed)
        }
        if column.lower() in moved.get(relation, ()) or UNNAMED.search(bodies.get(relation, "")):
            depends |= elsewhere
        if depends:
            columns.setdefault(relation, {})[column] = sorted(depends)
    literals = {each for rule in rules.values() for each in re.findall(r"'([\w .:-]{2,40})'", rule.text)}
    # A trigger that writes what rules read may ask for a word of the row, which no made-up row has if it is newer.
    awaited = {each for text in bodies.values() for each in re.findall(r"(?<!:)=\s*'([\w .:-]{2,40})'", text)}
    likely = [
        each
        for each in (*sorted(literals), *sorted(awaited - literals))
        if not re.search(r"request\.jwt|^(true|false|sub)$|search_path", each)
    ]
    _note_addresses(cursor, columns, rules)
    _note_codes(cursor, columns, ruled_tables)
    few = _few(rules, _sizes(cursor))
    cursor.execute("select relation, people from pg_temp.audit_table")
    people = {name: frozenset(held or ()) for name, held in cursor.fetchall()}
    _note_words(cursor, columns, people, asked_of)
    ruled = {
        number: few({each for each, rule in rules.items() if title == each or place in rule.looks_at}, title)
        for place, title, number in _relations(cursor, rules)
    }
    return Plan(
        {name: {column: few({*on}, name) for column, on in those.items()} for name, those in columns.items()},
        {name: few({*on}, name) for name, on in rows.items() if on},
        likely[:MOST_WORDS],
        people,
        ruled,
        _links(cursor, {name for name, on in rows.items() if on}),
        frozenset(answering).union(title for _, title, _ in _relations(cursor, rules)),
    )


def _links(cursor: Cursor, children: set[str]) -> list[Link]:
    """Return the links from tables whose rows are read by rules to tables of which people may have rows."""
    cursor.execute(LINKS)
    return [link for link in map(Link._make, cursor.fetchall()) if link.child in children]


def _note_addresses(cursor: Cursor, columns: Mapping[str, Iterable[str]], rules: Mapping[str, Rules]) -> None:
    """Note for columns that hold an address what addresses of the kind are elsewhere: those that rules read first."""
    wanted = [(name, column, kind) for name, those in columns.items() for column in those if (kind := _address(column))]
    if not wanted:
        return
    cursor.execute(TEXTS, [[int(number) for _, _, number in _relations(cursor, rules)]])
    there = [(name, column, kind) for name, column in cursor.fetchall() if (kind := _address(column))]
    for relation, column, kind in wanted:
        parts = [
            sql.SQL("(select {}::text from {} where {} is not null order by 1 limit {})").format(
                sql.Identifier(other), sql.SQL(name), sql.Identifier(other), sql.Literal(MOST_ADDRESSES)
            )
            for name, other, of_kind in there
            if of_kind == kind and (name, other) != (relation, column)
        ]
        if parts:
            cursor.execute(
                sql.SQL("insert into pg_temp.chain_address select {}, {}, v from ({}) as x (v) group by v").format(
                    sql.Literal(relation), sql.Literal(column), sql.SQL(" union all ").join(parts)
                )
            )


def _note_codes(cursor: Cursor, columns: Mapping[str, Iterable[str]], ruled_tables: Sequence[tuple[Any, ...]]) -> None:
    """Note for columns of text what stands in others that rules compare them with, and in none of their own rows.

    Such as a code by which rows are somebody's who has not come yet: who gives it to themselves is let in.
    """
    cursor.execute(TEXT_COLUMNS)
    texts = {*cursor.fetchall()}
    for one, other in sorted({*_compared(ruled_tables)}):
        if one in texts and other in texts and one[1] in columns.get(one[0], ()):
            cursor.execute(
                sql.SQL(
                    "insert into pg_temp.chain_address select {}, {}, v, 'what stands elsewhere' from ("
                    "select distinct o.{}::text as v from {} o where not exists (select from {} s where s.{} = o.{})"
                    " and o.{} is not null order by 1 limit {}) as x"
                ).format(
                    sql.Literal(one[0]),
                    sql.Literal(one[1]),
                    sql.Identifier(other[1]),
                    sql.SQL(other[0]),
                    sql.SQL(one[0]),
                    sql.Identifier(one[1]),
                    sql.Identifier(other[1]),
                    sql.Identifier(other[1]),
                    sql.Literal(MOST_ADDRESSES),
                )
            )


def _note_words(
    cursor: Cursor, columns: Mapping[str, Iterable[str]], people: Mapping[str, frozenset[str]], asked: Asked
) -> None:
    """Note for columns that hold no ids of people the values that decide what rules ask of them."""
    cursor.execute("select relation, id::bigint from pg_temp.audit_table")
    found = [
        (relation, name, text)
        for relation, oid in cursor.fetchall()
        for name in columns.get(relation, ())
        if (oid, name) in asked and name not in people[relation]
        for text in asked[oid, name][1][:MOST_WORDS]
    ]
    cursor.executemany("insert into pg_temp.chain_word values (%s, %s, %s)", found)


def _compared(ruled_tables: Sequence[tuple[Any, ...]]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Yield which columns of different tables their policies compare with each other, both ways."""
    titles = {(schema, name): relation for relation, schema, name, *_ in ruled_tables}
    for relation, _, _, own, *_ in ruled_tables:
        for text in own:
            try:
                found = list(noted(parsed(text)))
            except Unchecked:
                continue  # the policies that judge expressions say so
            for place, column, hint in found:
                here = relation if place is None else titles.get((place[0] or "public", place[1]))
                for of_table, name in hint.like:
                    there = relation if of_table is None else titles.get((of_table[0] or "public", of_table[1]))
                    if here and there and here != there:
                        yield (here, column), (there, name)
                        yield (there, name), (here, column)


def _address(column: str) -> str:
    """Return by which kind of address a column finds a person; "" for none."""
    return next((kind for kind, names in ADDRESSES.items() if names.search(column)), "")


def _relations(cursor: Cursor, rules: Mapping[str, Rules]) -> list[tuple[tuple[str, str], str, str]]:
    """Return the relations that have rules or that rules look at: schema and name, title, number as text."""
    places = {place for rule in rules.values() for place in rule.looks_at}
    cursor.execute(RELATIONS, [[*rules], [schema for schema, _ in places], [name for _, name in places]])
    return [((schema, name), title, number) for schema, name, title, number in cursor.fetchall()]


def _sizes(cursor: Cursor) -> dict[str, int]:
    """Return how many rows each table has: large ones were made small before."""
    cursor.execute("select relation from pg_temp.audit_table")
    relations = [name for (name,) in cursor.fetchall()]
    if not relations:
        return {}
    cursor.execute(" union all ".join(f"select {n}, count(*) from {name}" for n, name in enumerate(relations)).encode())
    return {relations[n]: count for n, count in cursor.fetchall()}


def _few(rules: Mapping[str, Rules], sizes: Mapping[str, int]) -> Callable[[set[str], str], list[str]]:
    """Return what chooses of tables those that stand for all: itself, and the two largest of those ruled alike."""

    def few(names: set[str], itself: str) -> list[str]:
        groups: dict[str, list[str]] = {}
        for name in sorted(names, key=lambda name: (-sizes.get(name, 0), name)):
            groups.setdefault(rules[name].alike, []).append(name)
        chosen = {name for group in groups.values() for name in group[:MOST_ALIKE]}
        return sorted(chosen | ({itself} & names))

    return few


def _ruled(rows: Sequence[tuple[Any, ...]], graph: Calls) -> dict[str, Rules]:
    """Return the rules of each table that has some: what its policies say and lead to, and what tables they read."""
    titles = {(schema, name): relation for relation, schema, name, *_ in rows}
    found = {}
    for relation, _, _, own, every, ruled, alike in rows:
        if ruled:
            led_to = graph.led_to(every)
            texts = [*own, *sorted(source.plain for source in led_to if source.name)]
            places = frozenset(graph.looks_at(led_to))
            reads = {titles[place] for place in places if place in titles}
            found[relation] = Rules("\n".join(texts), frozenset(reads), places, alike)
    return found


def _spread(relation: str, triggers: Mapping[str, Sequence[Source]], tables: set[str]) -> set[str]:
    """Return the tables that the triggers of a table write to, and the triggers of those."""
    found: set[str] = set()
    waiting = [relation]
    while waiting:
        sources = triggers.get(waiting.pop(), ())
        names = {name.lower() for source in sources for _, name in source.mentions.written}
        anything = any(EXECUTES.search(source.plain) for source in sources)
        written = {each for each in tables if anything or each.rpartition(".")[2].strip('"').lower() in names}
        waiting += written - found
        found |= written
    return found


def _closed(rules: Mapping[str, Rules]) -> dict[str, Rules]:
    """Add to the rules of each table those of the tables that they read: a sub-select obeys their policies."""
    closed = {}
    for name, rule in rules.items():
        seen, waiting = {name}, [*rule.reads]
        reads, places = set(rule.reads), set(rule.looks_at)
        texts = [rule.text]
        while waiting:
            other = waiting.pop()
            if other in seen or other not in rules:
                continue
            seen.add(other)
            texts.append(rules[other].text)
            reads |= rules[other].reads
            places |= rules[other].looks_at
            waiting += rules[other].reads
        closed[name] = Rules("\n".join(texts), frozenset(reads), frozenset(places), rule.alike)
    return closed


def _words(text: str) -> frozenset[str]:
    quoted: Iterable[str] = (each.replace('""', '"') for each in re.findall(r'"((?:[^"]|"")+)"', text))
    return frozenset(each.lower() for each in (*re.findall(r"[^\W\d][\w$]*", text), *quoted))

"""Functions that do not work: they refer to something that is not there, or cannot be told from one another.

They are found by acting, because the server reads the statements of PL/pgSQL only when they are reached: functions are
called, and triggers made to fire, with a superuser's rights, so that no other refusal stands in the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import dict_row

from audit.actors import Actor, Stage
from audit.catalog.calls import ANY_IDENTITY
from audit.evidence import Evidence, Population, Row, safe
from audit.people import CAST, Identity
from audit.probes.attempt import acting, ask, each, without_an_end
from audit.probes.bodies import CHECKS, OWN_CODES, by_itself, outspoken
from audit.probes.calling import (
    BROKEN_CODES,
    EXECUTES,
    Outcome,
    Plan,
    Routine,
    api_path,
    document,
    outcomes_of,
    planned,
    remembered,
)
from audit.question import Cursor

# "PL/pgSQL function public.f(uuid) line 3 at SQL statement", "SQL function "f" statement 1".
PLACE = re.compile(r'(?:PL/pgSQL function (?P<procedure>.+?\)) (?:line|while)|SQL function "(?P<name>[^"]+)")')

# Bodies that look first, or make what they need, may well name what is not there yet.
CAREFUL = re.compile(
    r"\bcreate\b|\bto_reg\w+\b|\bundefined_\w+\b|\bexecute\b|\binformation_schema\b|\bpg_class\b", re.IGNORECASE
)

# The API tells functions of one name apart by the names of their arguments only
# (https://docs.postgrest.org/en/stable/references/api/functions.html#overloaded-functions); SQL by their types, as long
# as defaults leave no choice. Two are alike when one set of names fits both.
ALIKE = """
with named as (
    select p.oid, p.proname, p.pronamespace, given.names as all_names,
           given.names[1 : pg_catalog.cardinality(given.names) - p.pronargdefaults] as needed,
           exists (select from pg_catalog.pg_roles r
                   where r.rolname = any (%(api_roles)s) and pg_catalog.has_function_privilege(r.oid, p.oid, 'execute'))
               as served
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    cross join lateral (
        select coalesce(pg_catalog.array_agg(a.name order by a.place), '{}') as names
        from unnest(p.proargnames, p.proargmodes) with ordinality as a (name, mode, place)
        where a.mode is null and a.place <= p.pronargs or a.mode in ('i', 'b', 'v')
    ) as given
    where n.nspname = any (%(exposed)s) and p.prokind in ('f', 'p')
    and (p.pronargs = 0 or pg_catalog.cardinality(given.names) = p.pronargs and '' <> all (given.names))
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
)
select a.oid::pg_catalog.regprocedure::text, b.oid::pg_catalog.regprocedure::text
from named a join named b on a.proname = b.proname and a.pronamespace = b.pronamespace and a.oid <> b.oid
where (a.served or b.served) and a.needed <@ b.all_names and b.needed <@ a.all_names
and a.oid > b.oid
"""

# What the server says inside a function that works with its caller's rights, and that lacks one; in English.
LACKING = re.compile(r"permission denied for (table|view|sequence|schema|function|column) ")

# What is there: names of relations, types and functions by schema.
THERE = """
select n.nspname::text as schema, pg_catalog.array_agg(distinct x.name) as names
from pg_catalog.pg_namespace n
left join lateral (
    select c.relname::text from pg_catalog.pg_class c where c.relnamespace = n.oid
    union select t.typname::text from pg_catalog.pg_type t where t.typnamespace = n.oid
    union select p.proname::text from pg_catalog.pg_proc p where p.pronamespace = n.oid
) as x (name) on true
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
group by 1
"""


# What these are named after nobody's data: types of the server, and what is there of the project.
NAMES = """
select t.typname::text from pg_catalog.pg_type t where t.typelem = 0
union select c.relname from pg_catalog.pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
union select n.nspname from pg_catalog.pg_namespace n
union select p.proname from pg_catalog.pg_proc p
union select a.attname from pg_catalog.pg_attribute a where a.attnum > 0 and not a.attisdropped
union select k.conname from pg_catalog.pg_constraint k
"""

# https://www.postgresql.org/docs/current/errcodes-appendix.html, classes 42 and 3F; and ours.
MISREAD = "a literal is no value of the type that it is made into"
# What is there already when a function makes it a second time: a relation, another object, a cursor, a statement.
MAKES = re.compile(r"\bcreate\b|\bdeclare\s+\w+\s+cursor\b|\bprepare\b", re.IGNORECASE)
# Gone with the transaction: the next request of the same session may make it anew.
DROPS = re.compile(r"\bon\s+commit\s+drop\b|\bdrop\s+table\b", re.IGNORECASE)
MADE_TWICE = {"42P07", "42710", "42P03", "42P05"}

Note = Callable[[str, str], None]

SERVERS_WORDS = (
    "relation column function operator type schema record parameter table view procedure aggregate constraint index "
    "collation trigger role language cursor variable field sequence missing FROM-clause entry for could not be found "
    "does do not exist is are ambiguous unique has have no in on of the a an with from to by this that and or at it "
    "something answers whom declared API cannot tell permission denied invalid reference already exists unrecognized "
    "integer bigint smallint numeric boolean character varying double precision timestamp time zone without unknown "
    "name argument arguments specified more than once must appear group clause cannot cast insert update delete select "
    "call set returning functions default value there matching wrong object state query structure match result "
    "returned expected columns its new row violates not null check literal made into caller called twice one "
    "transaction VOLATILE writes non-volatile execute read-only allowed 25006 0A000",
)


def faulty(people: Actor) -> Evidence:
    """Return the functions of the project that fail on something that is not there, called as each of ``people``.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = people.stage
    found: dict[str, Row] = {}
    unjudged: set[str] = set()
    ours: set[str] = set()
    named: dict[str, list[Outcome]] = {}

    def note(name: str, error: str) -> None:
        error = only_words(error, words)
        found.setdefault(name, Row(safe(name), {"error": safe(error)}, {"object": name, "error": error}))

    with remembered(stage) as cursor:
        plan = planned(cursor, stage)
        words = _words(cursor, plan)
        signatures = {routine.signature: routine for routine in plan.routines}
        own = _Own(plan, signatures, cursor)
        _let_out(cursor, plan)
        callable_ = [r for r in plan.routines if not r.returns_trigger and not r.pseudo_arguments]
        inside = [routine for routine in callable_ if not plan.outside(routine)]
        unjudged |= {routine.signature for routine in callable_} - {routine.signature for routine in inside}
        for name, error in _reread(cursor, stage, plan):
            note(name, error)
        for who in people.people:
            for exposed in (True, False):
                calls = [c for r in inside if r.exposed is exposed for c in plan.calls(r, who.id, most=6)]
                path = [] if exposed else [str(name) for name in _schemas(inside)]
                for outcome in outcomes_of(stage, who, calls, unjudged=unjudged, looking=False, owner=True, path=path):
                    ours |= _of_ours(outcome)
                    if "named" in outcome.call:
                        named.setdefault(outcome.call["call"], []).append(outcome)
                    elif not own.is_of_data(outcome, words):
                        _note_fault(outcome, signatures, note)
                    own.tell(outcome.code, outcome.message, outcome.place, note, call=outcome.call)
            declared = _declared_for(cursor, stage, who.name)
            calls = [c for r in inside if r.signature in declared for c in plan.calls(r, who.id)]
            for outcome in outcomes_of(stage, who, calls, unjudged=unjudged, looking=False) if calls else ():
                if outcome.code == "42501" and LACKING.match(outcome.message or "") and outcome.place:
                    note(outcome.call["call"], f"{who.name}, for whom it is declared: {outcome.message}")
        alone = [r for r in inside if not r.roles and not _is_anothers(plan, r)]
        served = [call for routine in alone for call in plan.calls(routine, None, most=6)]
        nobody = CAST["service_role"]
        path = [str(name) for name in _schemas(alone)]
        for outcome in outcomes_of(stage, nobody, served, unjudged=unjudged, looking=False, owner=True, path=path):
            own.tell(outcome.code, outcome.message, outcome.place, note, call=outcome.call, alone=True)
        for outcomes in named.values():
            # What is no table's name, or no column of that table, is our doing: one call that works is enough.
            fitting = [outcome for outcome in outcomes if outcome.call["named"]]
            if fitting and all(outcome.code in BROKEN_CODES for outcome in fitting):
                _note_fault(fitting[0], signatures, note)
        makers = [r for r in inside if MAKES.search(r.source) and not DROPS.search(r.source)]
        again = [call for routine in makers for call in _twice(plan, routine)]
        for outcome in outcomes_of(stage, people.people[0], again, unjudged=unjudged, looking=False, owner=True):
            if outcome.code in MADE_TWICE:
                note(outcome.call["call"], f"called twice in one transaction: {outcome.message} ({outcome.code})")
        for fault in _fired(stage, people.people[0], unjudged):
            # Each row of a statement fires a trigger for rows.
            if fault.code in BROKEN_CODES | MADE_TWICE:
                name = _at_fault(fault.place, signatures) or f"the triggers of {fault.of}"
                note(name, f"{fault.message} ({fault.code})")
            own.tell(fault.code, fault.message, fault.place, note)
        for fault in _fired(stage, nobody, unjudged):
            own.tell(fault.code, fault.message, fault.place, note, alone=True)
        for name, error in _missing(cursor, plan):
            note(name, error)
        cursor.execute(ALIKE, dict(stage.known))
        for one, other in cursor.fetchall():
            note(one, f"the API cannot tell it from {other}")
        population = Population(len(plan.routines), "functions")
        doing = {safe(only_words(error, words)) for error in ours}
    return Evidence(
        [row for row in found.values() if row.details["error"] not in doing],
        about="the functions of the project",
        log=stage.log,
        population=population,
        unjudgeable=without_an_end(unjudged) or stage.doubt,
        question=ALIKE,
    )


class _Own:
    """Tells of errors that bodies make by themselves."""

    def __init__(self, plan: Plan, signatures: dict[str, Routine], cursor: Cursor) -> None:
        self.plan = plan
        self.signatures = signatures
        self.checks = {(table, name): columns for table, name, columns in cursor.execute(CHECKS).fetchall()}

    def tell(
        self,
        code: str | None,
        message: str | None,
        place: str | None,
        note: Note,
        *,
        call: Mapping[str, Any] | None = None,
        alone: bool = False,
    ) -> None:
        """Note the function at fault where an error is its own. ``alone``: nobody called."""
        given = call["values"] if call is not None else ()
        if code not in OWN_CODES or not place or any(value and f'"{value}"' in (message or "") for value in given):
            return
        name = _at_fault(place, self.signatures)
        if name is not None and by_itself(code, message or "", self._text(name), self.checks, alone=alone):
            who = "without a caller: " if alone else ""
            told = MISREAD if code.startswith("22") else message
            note(name, f"{who}{told} ({code})")

    def _text(self, name: str) -> str:
        source = self.plan.graph.known.get(("function", self.signatures[name].oid))
        return source.plain if source is not None else ""

    def is_of_data(self, outcome: Outcome, words: Collection[str]) -> bool:
        """Tell whether what is missing was named by data: by a statement that is made of what a row says."""
        routine = self.signatures.get(_at_fault(outcome.place, self.signatures) or outcome.call["call"])
        said = outcome.message or ""
        return routine is not None and bool(EXECUTES.search(routine.source)) and only_words(said, words) != said


def _is_anothers(plan: Plan, routine: Routine) -> bool:
    """Tell whether a function asks who calls, and is there for another one to call, for somebody who is there then."""
    graph = plan.graph
    return any(ANY_IDENTITY.search(source.plain) for source in graph.reached(routine.oid)) and any(
        graph.calls("function", other.oid, routine.oid) for other in plan.routines if other.oid != routine.oid
    )


def _let_out(cursor: Cursor, plan: Plan) -> None:
    """Let bodies raise what they would pass over; the definitions are as before when all is undone."""
    for routine in plan.routines:
        text = outspoken(routine.source) if routine.language == "plpgsql" else None
        if text is None or plan.outside(routine):
            continue
        ((definition,),) = cursor.execute("select pg_catalog.pg_get_functiondef(%s)", [routine.oid]).fetchall()
        try:
            with cursor.connection.transaction():
                cursor.execute(definition.replace(routine.source, text, 1).encode())
        except psycopg.Error:
            # It is judged as it is, by what it answers.
            if cursor.connection.broken:
                raise


def _twice(plan: Plan, routine: Routine) -> Iterator[dict[str, Any]]:
    """Yield calls of a function that are made twice in one transaction."""
    if routine.kind == "p":
        return
    for call in plan.calls(routine, CAST["alice"].id, most=2):
        one = f"({call['text']} offset 0)"
        text = (
            f"select pg_catalog.jsonb_build_array(a.answer, b.answer) as answer from {one} as a cross join {one} as b"
        )
        yield {**call, "text": text}


def only_words(message: str, words: Collection[str]) -> str:
    """Return what the server said without such words as are neither its own nor the project's.

    A name may have been made of somebody's data while the function ran.
    """
    return re.sub(r"\w+", lambda word: word[0] if word[0].lower() in words else "...", message)


def _words(cursor: Cursor, plan: Plan) -> set[str]:
    """Return the words of which messages about this project consist, in lower case."""
    cursor.execute(NAMES)
    texts = [*SERVERS_WORDS, *(name for (name,) in cursor.fetchall()), *BROKEN_CODES, *OWN_CODES, *MADE_TWICE]
    for routine in plan.routines:
        source = plan.graph.known.get(("function", routine.oid))
        texts += [routine.signature, routine.source or "", source.text if source is not None else ""]
    texts += [*CAST]
    return {word.lower() for text in texts for word in re.findall(r"\w+", text)}


def _declared_for(cursor: Cursor, stage: Stage, name: str) -> set[str]:
    """Return the signatures of the functions that are here and declared for somebody, and that they may call."""
    wanted = [function for function, callers in stage.known["callers"].items() if name in callers]
    cursor.execute(
        """
        select p.oid::pg_catalog.regprocedure::text from unnest(%s::text[]) as w (name)
        join pg_catalog.pg_proc p on p.oid = pg_catalog.to_regprocedure(w.name)
        where pg_catalog.has_function_privilege(%s, p.oid, 'execute')
        """,
        [wanted, CAST[name].role],
    )
    return {signature for (signature,) in cursor.fetchall()}


def _note_fault(outcome: Outcome, signatures: dict[str, Routine], note: Note) -> None:
    called = outcome.call["call"]
    said = outcome.broken or outcome.message or ""
    if any(value and value in said for value in outcome.call["values"]) or any(
        f'"{key}"' in said for value in outcome.call["values"] for key in document(value)
    ):
        return  # a table by the name of what we passed is not there: that is our doing, and not to be told
    if outcome.code == "25006" or (outcome.code == "0A000" and "non-volatile function" in said):
        note(called, f"it is not VOLATILE, and writes: {outcome.message} ({outcome.code})")
    elif outcome.code in BROKEN_CODES:
        note(_at_fault(outcome.place, signatures) or called, f"{outcome.message} ({outcome.code})")
    elif outcome.broken:
        note(called, f"it answers: {_only_the_fault(outcome.broken)}")


def _of_ours(outcome: Outcome) -> set[str]:
    """Return what would be said if a value that a missing name is made of had been empty: that is our doing as well."""
    said = outcome.message or ""
    values = [value for value in outcome.call["values"] if value and value in said]
    return {f"{said.replace(value, '')} ({outcome.code})" for value in values if outcome.code in BROKEN_CODES}


def _only_the_fault(answer: str) -> str:
    """Cut an answer to what says that something is missing: the rest may hold a person's data."""
    fault = re.search(
        r'(column|relation|function|operator|type|schema|record|parameter)\b[^"\n]{0,20}("[^"\n]{0,80}"|[\w.]{0,80})?'
        r"[^\n]{0,60}?(does not exist|is ambiguous|is not unique|has no field)",
        answer,
    )
    return fault[0] if fault else "something does not exist"


def _at_fault(place: str | None, signatures: dict[str, Routine]) -> str | None:
    """Return the innermost function of the project in the context of an error."""
    for match in PLACE.finditer(place or ""):
        said = match["procedure"] or match["name"]
        if said.startswith("pg_temp"):  # our own
            continue
        if said in signatures:
            return said
        bare = said.split("(")[0].rpartition(".")[2].strip('"')
        alike = [name for name, routine in signatures.items() if routine.name == bare]
        if len(alike) == 1:
            return alike[0]
        exact = [name for name in alike if name.endswith(f".{said}")]
        if len(exact) == 1:
            return exact[0]
    return None


def _schemas(routines: Iterable[Routine]) -> list[str]:
    return list(dict.fromkeys(routine.schema for routine in routines))


class Fault(NamedTuple):
    """What something of the project failed with, or None where it did not."""

    of: str
    code: str | None
    message: str | None
    place: str | None


def _reread(cursor: Cursor, stage: Stage, plan: Plan) -> Iterator[tuple[str, str]]:
    texts = [r for r in plan.routines if r.language == "sql" and r.source]
    with acting(stage, path=api_path(stage, _schemas(texts))) as inner:
        faults = ask(inner, Fault, "select * from pg_temp.reread(%s::bigint[]::oid[])", [[r.oid for r in texts]])
    for routine, fault in zip(texts, faults, strict=True):
        if fault.code in BROKEN_CODES:
            yield routine.signature, f"{fault.message} ({fault.code})"


def _fired(stage: Stage, who: Identity, unjudged: set[str]) -> list[Fault]:
    slow: set[str] = set()
    with acting(stage, who, api_path(stage)) as inner:

        def fire(names: Sequence[str]) -> list[Fault]:
            return ask(inner, Fault, "select * from pg_temp.fire(%s)", [list(names)])

        tables = ask(inner, str, "select name from pg_temp.audited where not partition order by name", [])
        found = each(inner, tables, fire, slow, stage.known)
    unjudged |= {f"the triggers of {name}" for name in slow}
    return found


def _missing(cursor: Cursor, plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the functions whose text names, with its schema, what is not there: no call may ever get that far."""
    with cursor.connection.cursor(row_factory=dict_row) as named:
        there = {row["schema"]: set(row["names"]) for row in named.execute(THERE).fetchall()}
    for routine in plan.routines:
        source = plan.graph.known.get(("function", routine.oid))
        if routine.language != "plpgsql" or source is None or CAREFUL.search(source.text):
            continue
        for schema, name in sorted(source.mentions.relations | source.mentions.calls, key=str):
            if schema in there and name not in there[schema] and not _is_alias(str(schema), source.text):
                yield routine.signature, f"{schema}.{name} does not exist"


def _is_alias(name: str, text: str) -> bool:
    """Tell whether a query in ``text`` calls something by a name: what follows its dot is a column then."""
    word = re.escape(name)
    return bool(re.search(rf"\bas\s+{word}\b|\b{word}\s+as\b|\)\s*{word}\b", text, re.IGNORECASE))

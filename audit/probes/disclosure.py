"""Private values where they do not belong, and rows that somebody changed who may not: what comes of views and calls.

Only people who take part in nothing are asked: whatever they get from others, no match, consent or office explains.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, LiteralString

from psycopg import sql

from audit.actors import Actor, Stage
from audit.catalog.shown import harmless
from audit.causes import Cause, Kind
from audit.evidence import Evidence, Population, Row, by_cause, safe
from audit.names import (
    CONTACT_COLUMN,
    COUNTERS,
    DERIVED,
    DUE,
    KEPT_BACK,
    PUBLISHED,
    WRITTEN_FOR_OTHERS,
    private_columns,
)
from audit.people import Identity
from audit.probes import figures
from audit.probes.attempt import without_an_end, works
from audit.probes.calling import (
    DOORS,
    EVERYBODY,
    EXECUTES,
    VICTIMS,
    Outcome,
    Plan,
    Routine,
    outcomes_apart,
    outcomes_of,
    outcomes_of_members,
    planned,
    remembered,
    without_codes,
)
from audit.question import Cursor

_PRIVATE = re.compile(private_columns({}), re.IGNORECASE)


def given_away(people: Actor) -> Evidence:
    """Return the views, tables and functions without arguments that give one of ``people`` what is not theirs to read.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = people.stage
    found: list[Row] = []
    unjudged: set[str] = set()
    tried = 0
    with remembered(stage) as cursor:
        hidden = _count(cursor, "select count(*) from pg_temp.secret")
        plan = planned(cursor, stage)
        doors = cursor.execute(DOORS, dict(stage.known)).fetchall()
        leaking = partial(_leaks, published=_published(cursor, plan))
        led = _led_to(plan, [name for name, *_ in doors], lambda each: len(each.arguments) == each.defaults)
        for who in people.people:
            calls = [
                {
                    "call": name,
                    "text": _told(name, columns, kind, who),
                    "given": "",
                    "all": True,
                    "kind": kind,
                }
                for name, role, kind, columns in doors
                if role == who.role
            ]
            for routine in plan.routines:
                if routine.exposed and who.role in routine.roles and len(routine.arguments) == routine.defaults:
                    if plan.outside(routine):
                        unjudged.add(routine.signature)
                    elif not routine.returns_trigger:
                        text = routine.text(())
                        calls.append({"call": routine.signature, "text": text, "given": "", "all": True, "kind": "f"})
            tried += len(calls)
            outcomes = outcomes_of(stage, who, calls, unjudged=unjudged)
            failing = {outcome.call["call"] for outcome in outcomes if (outcome.code or "").startswith("22")}
            outcomes += _by_column(stage, who, [door for door in doors if door[0] in failing], unjudged)
            found += _to_outsiders(stage, who, calls, list(leaking(stage, who, outcomes)), leaking, unjudged)
    return _evidence(stage, found, tried, "tables, views and functions that people read", hidden, unjudged, led)


def _led_to(plan: Plan, doors: Collection[str], called: Callable[[Routine], bool]) -> set[str] | None:
    """Return the relations, as schema.name, that ``doors`` and the functions that are called are, or lead to.

    None where nobody knows: a function that makes up statements may look at anything.
    """
    graph = plan.graph
    sources = set(graph.led_to([f"select from {name}" for name in doors]))
    for routine in plan.routines:
        if routine.returns_trigger or (routine.exposed and called(routine)):
            sources |= graph.reached(routine.oid)
    if any(EXECUTES.search(source.plain) for source in sources):
        return None
    return {f"{schema}.{name}" for schema, name in graph.looks_at(sources)}


def _by_column(stage: Stage, who: Identity, doors: Sequence[tuple[Any, ...]], unjudged: set[str]) -> list[Outcome]:
    """Read views that fail on some value once more, column by column; those that fail still are not judged."""
    calls = [
        {
            "call": name,
            "text": _told(name, [column], kind, who),
            "given": "",
            "all": True,
            "kind": kind,
            "column": column,
        }
        for name, role, kind, columns in doors
        if role == who.role
        for column in columns
    ]
    outcomes = outcomes_of(stage, who, calls, unjudged=unjudged) if calls else []
    unjudged |= {f"{o.call['call']}.{o.call['column']}" for o in outcomes if (o.code or "").startswith("22")}
    return outcomes


def _told(name: str, columns: list[str], kind: str, who: Identity) -> str:
    """Return the question what a relation tells.

    What is in a table's column of addresses, its policies show to those who have to do with the row, such as those who
    invited somebody, or are in a team with them. What they show to everybody, those without an id see, too.
    """
    rows = f"(select {', '.join(columns)} from {name}) as x"
    plain = [column.strip('"').replace('""', '"') for column in columns]
    left = [column for column in plain if CONTACT_COLUMN.search(column)] if kind in ("r", "p") and who.id else []
    less = f" - {sql.Literal(left).as_string(None)}::text[]" if left else ""
    return f"select to_jsonb(x.*){less} as answer from {rows}"


def abused(people: Actor) -> Evidence:
    """Return the functions that give one of ``people`` what is not theirs by its id, or change it for them.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = people.stage
    found: list[Row] = []
    unjudged: set[str] = set()
    tried = 0
    with remembered(stage) as cursor:
        hidden = _count(cursor, "select count(*) from pg_temp.stored where people <> '{}'")
        plan = without_codes(cursor, planned(cursor, stage))
        led = _led_to(plan, (), lambda _: True)
        telling = figures.candidates(cursor, plan)
        served = [
            each for each in plan.routines if each.exposed and not each.returns_trigger and not plan.outside(each)
        ]
        for who in people.people:
            calls = []
            for routine in plan.routines:
                if routine.exposed and who.role in routine.roles and not routine.returns_trigger:
                    if plan.outside(routine):
                        unjudged.add(routine.signature)
                    else:
                        if routine.arguments and len(routine.arguments) == routine.defaults:
                            calls.append(
                                {"call": routine.signature, "text": routine.text(()), "given": "", "values": ()}
                            )
                        calls += list(plan.calls(routine, who.id))
            tried += len({call["call"] for call in calls})
            outcomes = outcomes_of(stage, who, calls, unjudged=unjudged)
            # What needs no arguments is read by everybody: given_away tells of it, whatever arguments give besides.
            told = {each.call["call"] for each in outcomes if not each.call["values"] and each.leaks}
            given = [each for each in outcomes if each.call["values"] and each.call["call"] not in told]
            found += _to_outsiders(stage, who, calls, list(_leaks(stage, who, given)), _leaks, unjudged)
            found += _to_outsiders(stage, who, calls, list(_changes(stage, who, outcomes)), _changes, unjudged)
            # Whoever is signed in may call what visitors may, and is told no less: one of them will do.
            if who.name == "stranger":
                found += _figures(stage, who, plan, calls, telling, unjudged)
                theirs = [each for each in served if who.role in each.roles and each.signature not in told]
                for offices in (False, True):
                    with outcomes_of_members(stage, who, plan, theirs, unjudged=unjudged, offices=offices) as outcomes:
                        found += [*_leaks(stage, who, outcomes), *_changes(stage, who, outcomes, added=False)]
    merged: dict[tuple[str, object], Row] = {}
    for row in found:
        merged.setdefault((row.object, row.details["actor"]), row)
    return _evidence(stage, list(merged.values()), tried, "functions that people call", hidden, unjudged, led)


def _to_outsiders(
    stage: Stage,
    who: Identity,
    calls: Sequence[dict[str, Any]],
    found: list[Row],
    judged: Callable[[Stage, Identity, list[Outcome]], Iterator[Row]],
    unjudged: set[str],
) -> list[Row]:
    """Return those of ``found`` that somebody gets or does who has nothing to do with anybody.

    A list of a team's members that its members are given is none of them: nobody else is given anything.
    """
    suspects = {row.object for row in found}
    again = [call for call in calls if safe(call["call"]) in suspects]
    if who.id is None or not again:
        return found
    still = {row.object for row in judged(stage, who, outcomes_apart(stage, who, again, unjudged=unjudged))}
    return [row for row in found if row.object in still or row.object in {safe(name) for name in unjudged}]


def _count(cursor: Cursor, question: LiteralString) -> int:
    ((count,),) = cursor.execute(question).fetchall()
    return int(count)


# The conditions of triggers, with the functions that they call.
CONDITIONS = """
select t.tgfoid::bigint,
       coalesce(pg_catalog.substring(pg_catalog.pg_get_triggerdef(t.oid), ' WHEN \\((.*)\\) EXECUTE'), '')
from pg_catalog.pg_trigger t where not t.tgisinternal
"""
# What a trigger may ask before it shows a row elsewhere: a column of the row, a word, a name that says so.
_OF_ROW = re.compile(r"\b(?:new|old)\s*\.\s*\"?(\w+)|'(\w{3,20})'", re.IGNORECASE)
_SAYS_SO = re.compile(r"\b\w*(?:publi|visib|draft|hidden|private|approv|shared)\w*\b(?!\s*\.)", re.IGNORECASE)


def _published(cursor: Cursor, plan: Plan) -> frozenset[str]:
    """Return the tables, as schema.name, to which triggers copy what rows say of themselves to be for all to see."""
    asked: dict[int, list[str]] = {}
    for oid, text in cursor.execute(CONDITIONS).fetchall():
        asked.setdefault(oid, []).append(text)
    found = set[str]()
    for routine in plan.routines:
        if routine.returns_trigger:
            sources = plan.graph.reached(routine.oid)
            if _asks_for_publishing("\n".join([*asked.get(routine.oid, ()), *(each.plain for each in sources)])):
                found |= {f"{schema}.{name}" for each in sources for schema, name in each.mentions.written if schema}
                found |= {f"public.{name}" for each in sources for schema, name in each.mentions.written if not schema}
    return frozenset(found)


def _asks_for_publishing(text: str) -> bool:
    """Tell whether a trigger's condition or body names what says of a row that it is for all, or is not."""
    words = [word for pair in _OF_ROW.findall(text) for word in pair if word]
    return bool(_SAYS_SO.search(text)) or any(PUBLISHED.search(word) or KEPT_BACK.search(word) for word in words)


def _is_private_copy(name: str, kind: str, place: str, published: Collection[str]) -> bool:
    """Tell whether a table shows what only stands in another one's rows, and what nobody publishes.

    That a table is for everybody says nothing of what a trigger writes into it. Names, titles and pictures are
    copied to be shown.
    """
    relation, _, column = (part.replace('"', "") for part in place.rpartition("."))
    if kind not in ("r", "p") or name.replace('"', "") in published:
        return False
    return not harmless([(column, "S", "text")], relation) or _PRIVATE.search(column) is not None


def _leaks(stage: Stage, who: Identity, outcomes: list[Outcome], published: Collection[str] = ()) -> Iterator[Row]:
    """Put together what each relation or function gave away, whatever it was called with.

    What is declared public may tell everything but how to reach a person, and what a table only copies: of the tables
    to which rows are ``published`` also that.
    """
    opened = [each.split(" ", 2) for each in stage.known.get("opened", ())]
    public = {
        *stage.known["public_tables"],
        *(name for command, role, name in opened if (command, role) == ("select", who.role)),
    }
    places: dict[str, dict[str, int]] = {}
    calls: dict[str, Mapping[str, Any]] = {}
    for outcome in outcomes:
        for place, hits in (outcome.leaks or {}).items():
            name = outcome.call["call"]
            # A table gives what it stores: its policies are the matrix's; here it can only be a copy of another's data.
            if outcome.call.get("kind") in ("r", "p") and place.startswith(f"{name}."):
                continue
            meant = name in public or _is_meant(stage, who, name)
            copied = _is_private_copy(name, outcome.call.get("kind", "f"), place, published)
            if meant and not copied and not CONTACT_COLUMN.search(place.rpartition(".")[2].strip('"')):
                continue
            calls[name] = outcome.call
            seen = places.setdefault(name, {})
            seen[place] = max(hits, seen.get(place, 0))
    for name, found in places.items():
        details: dict[str, str | int] = {"columns": ", ".join(sorted(found)), "values": sum(found.values())}
        yield _row(who, name, calls[name].get("kind", "f"), "gives away what the caller cannot read", details)


def _is_meant(stage: Stage, who: Identity, function: str) -> bool:
    """Tell whether a function is declared to be for somebody, or for everybody."""
    called = f"{who.role} {function}".replace(", ", ",") in stage.known.get("called", ())
    return called or function in stage.known["public_functions"]


def _row(who: Identity, name: str, kind: str, problem: str, details: Mapping[str, str | int]) -> Row:
    relation = kind in ("r", "p", "v", "m")
    advice = [
        f"{name} {problem}: {details.get('columns', '')}".rstrip(": "),
        "Leave that out, or let it show each caller their own."
        if relation
        else "Let it compare what it is given with auth.uid(), and answer or write for the caller alone.",
        "If nobody needs it, neither a client nor a policy, a view or a function: "
        f"revoke {'all on' if relation else 'execute on routine'} {name} from public, anon, authenticated;",
    ]
    fix = "\n".join(f"-- {safe(line)}" for line in advice)
    known = {"actor": who.name, "problem": problem, **details}
    details_ = {k: safe(v) if isinstance(v, str) else v for k, v in known.items()}
    kinds: dict[str, Kind] = {"f": "function", "v": "view", "m": "view"}
    cause = Cause(kinds.get(kind, "table"), name, name if relation else "")
    return Row(safe(name), details_, {}, fix, cause=cause)


def _evidence(
    stage: Stage, found: list[Row], tried: int, of: str, hidden: int, unjudged: set[str], led: set[str] | None
) -> Evidence:
    """Put it together. Where nothing is ``hidden`` from anybody, what was ``tried`` could not have given it away.

    ``led`` are the relations that it led to, None for any: see :meth:`audit.actors.Stage.gap`.
    """
    return Evidence(
        by_cause(found),
        about=of,
        log=stage.log,
        population=Population(tried, of) if hidden else Population(0, "private values of people"),
        unjudgeable="; ".join(filter(None, (without_an_end(unjudged), stage.gap(led)))),
        question=DOORS,
    )


def _figures(
    stage: Stage,
    who: Identity,
    plan: Plan,
    calls: Sequence[dict[str, Any]],
    telling: Collection[int],
    unjudged: set[str],
) -> Iterator[Row]:
    """Return the functions that tell a figure, such as a balance, of what the caller does not see."""
    for name, tables in figures.told(stage, who, plan, calls, telling, unjudged).items():
        if not _is_meant(stage, who, name):
            yield _row(who, name, "f", "tells a figure of what the caller does not see", {"table": tables})


def _changes(stage: Stage, who: Identity, outcomes: list[Outcome], *, added: bool = True) -> Iterator[Row]:
    """Return the functions that changed rows of others which the caller could not have changed directly.

    Not ``added``: new rows are none of them, since whoever has a group may let others in.
    """
    judged: set[str] = set()
    for outcome in outcomes:
        name = outcome.call["call"]
        if not outcome.changes or name in judged:
            continue
        seen = _Sight(stage, who)
        own = who.id is not None and who.id in json.dumps([change["new"] for change in outcome.changes])
        along = _gone_along(seen, outcome.changes, who)
        for change in outcome.changes:
            counted = _without(change, along, seen)
            if not added:
                keys = {_key(row, seen.key(change["table"])) for row in counted["old"]}
                news = [row for row in counted["new"] if _key(row, seen.key(change["table"])) in keys]
                counted = {**counted, "new": news}
            harmed = _harmed(seen, counted, who, outcome.call["given"], own=own)
            if harmed:
                judged.add(name)
                details = {"table": change["table"], "rows": harmed}
                yield _row(who, name, "f", "changes rows of others", details)
                break


def _gone_along(sight: _Sight, changes: Sequence[Mapping[str, Any]], who: Identity) -> set[tuple[str, str]]:
    """Return the rows, as (table, key), that foreign keys deleted or emptied because a row of the caller's own went.

    So the remarks below one's piece go with the piece, whoever made them.
    """
    gone: set[tuple[str, str]] = set()
    parents: dict[str, list[Mapping[str, Any]]] = {}
    waiting: list[tuple[str, str, Mapping[str, Any], Mapping[str, Any] | None]] = []
    for change in changes:
        table, key = change["table"], sight.key(change["table"])
        left = {_key(row, key): row for row in change["new"]}
        for row in change["old"]:
            name = _key(row, key)
            if name not in left and who.id and who.id in json.dumps(row):
                parents.setdefault(table, []).append(row)
            elif row != left.get(name):
                waiting.append((table, name, row, left.get(name)))
    while parents and (went := [each for each in waiting if sight.goes_with(each[0], each[2], each[3], parents)]):
        waiting = [each for each in waiting if each not in went]
        for table, name, row, left_ in went:
            gone.add((table, name))
            if left_ is None:
                parents.setdefault(table, []).append(row)
    return gone


def _without(change: Mapping[str, Any], rows: Collection[tuple[str, str]], sight: _Sight) -> Mapping[str, Any]:
    """Return what was changed in a table without some of its rows."""
    table, key = change["table"], sight.key(change["table"])
    return {
        **change,
        **{side: [row for row in change[side] if (table, _key(row, key)) not in rows] for side in ("old", "new")},
    }


def _harmed(sight: _Sight, change: Mapping[str, Any], who: Identity, given: str, *, own: bool) -> int:
    """Count the rows of one table that a call changed and that are somebody else's."""
    table, key = change["table"], sight.key(change["table"])
    if DERIVED.search(table.rpartition(".")[2]):
        return 0
    old = {_key(row, key): row for row in change["old"]}
    new = {_key(row, key): row for row in change["new"]}
    mine = [(row, new[name]) for name, row in old.items() if name in new and who.id and who.id in json.dumps(row)]
    harmed = 0
    for name in old.keys() | new.keys():
        before, after = old.get(name), new.get(name)
        if before is None and after is not None:
            # A new row in a victim's name, if the victim was named by the caller and the caller is in none of the rows.
            people = _people(after)
            bad = not own and bool(people & set(VICTIMS)) and any(victim in given for victim in people & set(VICTIMS))
            bad = bad and not WRITTEN_FOR_OTHERS.search(table.rpartition(".")[2])
        elif before is not None:
            bad = before != after and (who.id is None or who.id not in json.dumps(before))
            bad = bad and not sight.is_named_otherwise(table, before)
            bad = bad and (bool(_people(before)) or (sight.governed(table) and not sight.sees(table, name)))
            bad = bad and not (after is not None and sight.sees(table, name) and _harmless(before, after, who))
            bad = bad and not (after is not None and (_is_due(before, after, given) or _is_gift(before, after, mine)))
        else:
            bad = False
        if bad and not sight.may(table, key, before, after):
            harmed += 1
    return harmed


def _harmless(before: Mapping[str, Any], after: Mapping[str, Any], who: Identity) -> bool:
    """Tell whether a change of a row that the caller sees only counts something, or puts them where nobody was."""
    changed = {column for column in after if before.get(column) != after[column]}
    claims = who.id is not None and any(before.get(c) is None and after[c] == who.id for c in changed)
    return claims or all(COUNTERS.search(column) for column in changed)


def _is_gift(
    before: Mapping[str, Any], after: Mapping[str, Any], mine: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> bool:
    """Tell whether a row only gained what the caller's own row (``mine``: as it was, as it is) lost: points, credit."""
    changed = [column for column in after if before.get(column) != after[column] and not COUNTERS.search(column)]

    def gained(was: Mapping[str, Any], now: Mapping[str, Any], column: str) -> float:
        known = all(type(row.get(column)) in (int, float) for row in (was, now))
        return now[column] - was[column] if known else 0

    return bool(changed) and all(
        gained(before, after, column) > 0
        and any(gained(*own, column) == -gained(before, after, column) for own in mine)
        for column in changed
    )


# What a call is given, also in a list.
_ASKED = re.compile(r'[^\s{},"]+')


def _is_due(before: Mapping[str, Any], after: Mapping[str, Any], given: str) -> bool:
    """Tell whether a call only noted what was due (an invitation has run out), of a row that it was not asked about."""
    asked = set(_ASKED.findall(given))
    changed = (column for column in after if before.get(column) != after[column])
    return not any(str(value) in asked for value in before.values()) and all(map(DUE.search, changed))


def _people(row: Mapping[str, Any]) -> set[str]:
    return {value for value in row.values() if isinstance(value, str) and value in EVERYBODY}


def _key(row: Mapping[str, Any], key: list[str]) -> str:
    return " ".join(str(row.get(column)) for column in key) if key else json.dumps(row, sort_keys=True)


# The foreign keys of one column: that column, and table and column that it refers to.
_OTHER_NAMES = """
select jsonb_agg(jsonb_build_array(a.attname, k.confrelid::pg_catalog.regclass::text, f.attname))
from pg_catalog.pg_constraint k
join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
join pg_catalog.pg_attribute f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
where k.contype = 'f' and pg_catalog.cardinality(k.conkey) = 1 and k.conrelid = %s::pg_catalog.regclass
"""


# What foreign keys do to a table's rows when those go that they refer to: its columns, and table and columns there.
_FOLLOWS = """
select jsonb_agg(jsonb_build_array(
    array(select a.attname from unnest(k.conkey) with ordinality as c (n, place)
          join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.n order by place),
    k.confrelid::pg_catalog.regclass::text,
    array(select a.attname from unnest(k.confkey) with ordinality as c (n, place)
          join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = c.n order by place)))
from pg_catalog.pg_constraint k
where k.contype = 'f' and k.confdeltype in ('c', 'n', 'd') and k.conrelid = %s::pg_catalog.regclass
"""


class _Sight:
    """What one person sees and may change directly, asked only about rows that a call has changed."""

    def __init__(self, stage: Stage, who: Identity) -> None:
        self.stage, self.who = stage, who
        self._keys: dict[str, list[str]] = {}
        self._follows: dict[str, list[tuple[list[str], str, list[str]]]] = {}

    def key(self, table: str) -> list[str]:
        """Return the columns of the primary key."""
        if table not in self._keys:
            answer = self._one("select key from pg_temp.audited where name = %s", table)
            self._keys[table] = answer or []
        return self._keys[table]

    def is_named_otherwise(self, table: str, row: Mapping[str, Any]) -> bool:
        """Tell whether a row names the person by what their own row is called besides its key: a number, a handle."""
        refers = self._one(_OTHER_NAMES, table) if self.who.id else None
        return any(
            self._one(question, str(row.get(column)), self.who.id)
            for column, parent, name in refers or []
            if len(key := self.key(parent)) == 1 and key != [name]
            for question in [
                sql.SQL("select true from {} where {}::text = %s and {}::text = %s limit 1").format(
                    sql.SQL(parent), sql.Identifier(name), sql.Identifier(key[0])
                )
            ]
        )

    def goes_with(
        self,
        table: str,
        before: Mapping[str, Any],
        after: Mapping[str, Any] | None,
        gone: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> bool:
        """Tell whether a foreign key deleted or emptied a row because one of those went that are ``gone``, by table."""
        if table not in self._follows:
            self._follows[table] = self._one(_FOLLOWS, table) or []
        emptied = {column for column in after or () if before.get(column) != (after or {})[column]}
        return any(
            emptied <= {*columns}
            and any(
                all(before.get(c) == row.get(p) for c, p in zip(columns, keys, strict=True)) for row in gone[parent]
            )
            for columns, parent, keys in self._follows[table]
            if parent in gone
        )

    def _one(self, question: str | sql.Composed, *given: object) -> Any:  # noqa: ANN401
        found = self.stage.connection.execute(question, given).fetchone()
        return found[0] if found else None

    def governed(self, table: str) -> bool:
        """Tell whether an API role may read the table, so that its policies say whose rows are whose."""
        return bool(self._one("select shown from pg_temp.audited where name = %s", table))

    def sees(self, table: str, key: str) -> bool:
        """Tell whether the person sees the row."""
        columns = self.key(table)
        if not columns:
            return False
        name = sql.SQL(" || ' ' || ").join(sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns)
        question = sql.SQL("select 1 from {} where {} = {}").format(sql.SQL(table), name, key)
        return self._does(question)

    def may(
        self, table: str, key: list[str], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> bool:
        """Tell whether the person may make the same change directly."""
        place = sql.SQL(table)
        row = before or after or {}
        where = sql.SQL(" and ").join(
            sql.SQL("{}::text = {}").format(sql.Identifier(column), str(row.get(column))) for column in key
        )
        if not key:
            return False
        if after is None:
            return self._does(sql.SQL("delete from {} where {}").format(place, where))
        values = sql.SQL("pg_catalog.jsonb_populate_record(null::{}, {})").format(place, json.dumps(after))
        if before is None:
            return self._inserts(place, values)
        changed = [column for column in after if before.get(column) != after[column]]
        sets = sql.SQL(", ").join(
            sql.SQL("{} = (select v.{} from {} as v)").format(sql.Identifier(c), sql.Identifier(c), values)
            for c in changed
        )
        return bool(changed) and self._does(sql.SQL("update {} set {} where {}").format(place, sets, where))

    def _inserts(self, place: sql.SQL, values: sql.Composed) -> bool:
        columns = self._one(
            """
            select pg_catalog.array_agg(a.attname::text) from pg_catalog.pg_attribute a
            where a.attrelid = %s::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
            and a.attidentity <> 'a' and pg_catalog.has_column_privilege(%s, a.attrelid, a.attnum, 'insert')
            """,
            place.as_string(None),
            self.who.role,
        )
        if not columns:
            return False
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        return self._does(sql.SQL("insert into {} ({}) select {} from {} as v").format(place, names, names, values))

    def _does(self, statement: sql.Composed) -> bool:
        return works(self.stage, self.who, statement)

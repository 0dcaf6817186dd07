"""What codes still do when they have ended or were used: functions that are given one, and forget to ask.

An invitation that has run out still makes somebody a member, a link that was withdrawn still opens the letter, a
voucher is taken twice. Until when a code is good is what the project itself says (``audit/access/ends.py``); that it is
taken all the same is seen by acting: somebody who takes part in nothing calls with a code that is as good as new, with
one that nobody gave out, and with the same code once it has ended. It counts where they are named in more rows than
before, or are told what stands in private columns of other tables. Whoever declines, withdraws or looks at an
invitation gets in nowhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psycopg import sql

from audit.access.ends import End, Ends, Place
from audit.access.results import Doubtful
from audit.catalog.calls import Calls, Source
from audit.evidence import Unchecked
from audit.names import LINKS, TRAILS, lets_in, private_columns
from audit.probes.arguments import uses
from audit.question import Cursor
from audit.sql_text import quoted

SQL = Path(__file__).with_suffix(".sql")

# Functions that the API serves to members, with their owner's rights, and the types of what they are given.
FUNCTIONS = """
select p.oid::bigint, p.oid::pg_catalog.regprocedure::text, n.nspname::text, p.proname::text,
       array(select pg_catalog.format_type(t.type, null)
             from pg_catalog.unnest(p.proargtypes) with ordinality as t (type, n) order by n)
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = any (%s) and p.prokind = 'f' and p.prosecdef and p.pronargs between 1 and 4
and p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
and pg_catalog.has_schema_privilege('authenticated', n.oid, 'usage')
and pg_catalog.has_function_privilege('authenticated', p.oid, 'execute')
order by 2
"""

COLUMNS = """
select a.attname::text, y.typcategory::text, y.typname::text
from pg_catalog.pg_attribute a join pg_catalog.pg_type y on y.oid = a.atttypid
where a.attrelid = pg_catalog.to_regclass(%s) and a.attnum > 0 and not a.attisdropped
"""

_PRIVATE = re.compile(private_columns({}), re.IGNORECASE)
_DIGITS = "0123456789abcdefABCDEF"
_TRAIL = re.compile(rf"{TRAILS}|notif|outbox|inbox|queue|event|activit", re.IGNORECASE)
_SET = r"(?!\s*:?=\s*\(?\s*(?:pg_catalog\.)?(?:now|clock_timestamp|statement_timestamp|current_timestamp)\b)"


@dataclass(frozen=True)
class Redeeming:
    """A function that is given a code: of which table and column, in which place, and the end that it does not ask for.

    ``twice``: it notes itself that the code was used, and others ask for that.
    """

    signature: str
    name: tuple[str, str]
    types: tuple[str, ...]
    place: int
    code: str
    end: End
    sources: frozenset[Source]
    twice: bool = False

    def call(self, code: str, me: str) -> str:
        """Return the statement by which somebody calls it with a code."""
        given = [sql.Literal(code) if n == self.place else _anything(kind, me) for n, kind in enumerate(self.types, 1)]
        typed = [sql.SQL("{}::{}").format(value, sql.SQL(kind)) for value, kind in zip(given, self.types, strict=True)]
        return sql.SQL("select {}({})").format(sql.Identifier(*self.name), sql.SQL(", ").join(typed)).as_string(None)


def _anything(kind: str, me: str) -> sql.Composable:
    """Return something to give for what is no code: the caller's id, a word, a one, yes."""
    some = {"uuid": me, "text": "a word", "character varying": "a word", "boolean": "true"}
    return sql.Literal(some.get(kind, "1" if "int" in kind or kind == "numeric" else None))


def redeeming(cursor: Cursor, ends: Ends, exposed: Sequence[str]) -> Iterator[Redeeming]:
    """Yield the functions that are given a code and do not ask for its end, which the project knows."""
    known: dict[Place, dict[str, list[End]]] = {}
    for end in (*ends.all, *_emptied(ends)):
        known.setdefault(end.place, {}).setdefault(end.column, []).append(end)
    if not known:
        return
    for oid, signature, schema, name, types in cursor.execute(FUNCTIONS, [list(exposed)]).fetchall():
        source = ends.calls.known.get(("function", oid))
        if source is None or source.brought or source.language not in ("sql", "plpgsql"):
            continue
        with suppress(Unchecked):  # what cannot be read is told by those that read all bodies
            reached = ends.calls.reached(oid)
            for place in sorted(ends.calls.looks_at(reached) & known.keys()):
                given = _given(ends, source, place)
                for column, some in known[place].items() if given else ():
                    if given and not _names(column, reached):
                        twice = _notes(column, reached)
                        states = ends.states(place, column, reached)
                        last = _last([end for end in some if end.is_empty], states, twice=twice)
                        if not twice and (place, column) not in ends.swept:
                            last = _last([end for end in some if not end.is_empty]) or last
                        if last:
                            yield Redeeming(signature, (schema, name), tuple(types), *given, last, reached, twice)


def _emptied(ends: Ends) -> Iterator[End]:
    """Yield the moments that have to be empty for a code to be good: so policies say, or what else is given it."""
    taking = {
        source: place
        for source in ends.bodies()
        if source.arguments and source.language in ("sql", "plpgsql")
        for place in ends.calls.looks_at([source]) & ends.moments.keys()
        if _given(ends, source, place)
    }
    by_name = {f"{source.schema}.{source.name}": source for source in taking}
    for place, column, by, states in ends.emptied(taking):
        source = by_name.get(by)
        if source is None or (taking[source] == place and not _notes_now(column, source)):
            yield End(place, ends.columns[place][0].relation, column, (by,), True, states, is_empty=True)


def _last(some: Sequence[End], states: frozenset[str] | None = None, *, twice: bool = False) -> End | None:
    """Return what says that a column is an end, of those that ask for no less than somebody does besides (states)."""
    fitting = [end for end in some if twice or states is None or states <= end.states]
    by = tuple(dict.fromkeys(name for end in fitting for name in end.asked_by))
    return replace(fitting[0], asked_by=by) if fitting else None


def _notes_now(column: str, source: Source) -> bool:
    """Tell whether a function notes the present moment in a column."""
    noting = rf"(?<!\w){re.escape(column)}(?!\w)(?!{_SET})"
    return re.search(noting, source.plain, re.IGNORECASE) is not None


def _names(column: str, sources: frozenset[Source]) -> bool:
    """Tell whether some sources name a column, but for noting the present moment in it."""
    return any(re.search(rf"(?<!\w){re.escape(column)}(?!\w){_SET}", each.plain, re.IGNORECASE) for each in sources)


def _notes(column: str, sources: frozenset[Source]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", each.plain, re.IGNORECASE) for each in sources)


def _given(ends: Ends, source: Source, place: Place) -> tuple[int, str] | None:
    """Return in which place a function is given a code of a table, and in which column that is looked for."""
    columns = {each.name: each for each in ends.columns[place] if each.code}
    for n, use in enumerate(uses(source.plain, source.name, source.arguments), 1):
        for table, name in use.columns:
            column = columns.get(name)
            if column and table in (None, place[1]):
                called_so = lets_in(place[1], name, column.default, key=column.key)
                if called_so or (column.key and LINKS.search(place[1])):
                    return n, name
    return None


def late(cursor: Cursor, one: Redeeming, calls: Calls, people: Sequence[Mapping[str, Any]], mail: str | None) -> bool:
    """Tell whether a code does something for somebody that it should do no more; what is done is left to undo."""
    relation, column = one.end.relation, one.end.column
    cursor.execute("set local session_replication_role = replica")
    given = [relation, one.code, column, not one.end.is_empty, mail]
    codes = [code for (code,) in cursor.execute("select pg_temp.audit_renew(%s, %s, %s, %s, %s)", given).fetchall()]
    written, shown = _looked_for(cursor, one, calls)
    for who in people:
        cursor.execute("select pg_temp.audit_apart(%s, %s)", [written, who["id"]])
    cursor.execute("set local session_replication_role = origin")
    for code in codes:
        first = _redeem(cursor, one, people[0], code, written, shown, kept=one.twice)
        if not first or first & _redeem(cursor, one, people[0], _unknown(code), written, shown):
            continue
        if one.twice:
            return bool(first & _redeem(cursor, one, people[1], code, written, shown))
        cursor.execute("set local session_replication_role = replica")
        cursor.execute("select pg_temp.audit_end(%s, %s)", [relation, column])
        cursor.execute("set local session_replication_role = origin")
        return bool(first & _redeem(cursor, one, people[0], code, written, shown))
    return False


def _unknown(code: str) -> str:
    """Return a code of the same form that nobody gave out."""
    return re.sub(r"\w", lambda sign: format(15 - int(sign[0], 16), "x") if sign[0] in _DIGITS else "a", code)


def _looked_for(cursor: Cursor, one: Redeeming, calls: Calls) -> tuple[list[str], dict[str, list[str]]]:
    """Return the tables in which somebody may be named afterwards, and private columns of those that are looked at."""
    named: dict[Place, bool] = {}
    for source in one.sources:
        writes = {name for _, name in source.mentions.written}
        for place in calls.looks_at([source]):
            if place != one.end.place and not _TRAIL.search(place[1]):
                named[place] = named.get(place, False) or place[1] in writes
    written, shown = [], dict[str, list[str]]()
    for (schema, name), is_written in named.items():
        relation = f"{quoted(schema)}.{quoted(name)}"
        columns = cursor.execute(COLUMNS, [relation]).fetchall()
        private = [each[0] for each in columns if each[1] == "S" and _PRIVATE.search(each[0])]
        if is_written:
            written.append(relation)
        if private:
            shown[relation] = private
    return written, shown


def _redeem(
    cursor: Cursor,
    one: Redeeming,
    who: Mapping[str, Any],
    code: str,
    written: Sequence[str],
    shown: Mapping[str, Sequence[str]],
    *,
    kept: bool = False,
) -> set[str]:
    """Return what a call comes to: tables with more rows that name the caller, and private columns that it tells of."""
    given = [json.dumps(dict(who)), one.call(code, str(who["id"])), list(written), json.dumps(shown), kept]
    ((more, told),) = cursor.execute("select * from pg_temp.audit_redeem(%s, %s, %s, %s, %s)", given).fetchall()
    return {*more, *told}


def doubtful(one: Redeeming) -> Doubtful:
    """Return what is told of a function that takes a code for longer than it is good."""
    kind, column = ("twice" if one.twice else "late"), f"{one.end.relation}.{one.end.column}"
    return Doubtful(
        kind, one.signature, one.end.relation, ("stranger",), (), (column,), one.end.asked_by, 1, one.signature
    )

"""Until when somebody may: what a project itself treats as the end of a row by which people are let in.

A pass that runs out, a share that was withdrawn, a membership that was left. Which column says so is not known by its
name: a rule of access, or a function, asks whether it lies ahead (``ends_at > now()``), a rule for another table asks
whether it is empty (``left_at is null``), or its default lies ahead. Bodies are read as text, since many are in
PL/pgSQL; a comparison counts where only one table that the text names has such a column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from audit.access.rules import Known, Rule
from audit.catalog.calls import Calls, Source
from audit.evidence import Unchecked
from audit.names import CONTACT_COLUMN, OWNERS
from audit.question import Cursor

Place = tuple[str, str]

# Columns of tables in which rows are people's, or name them by an address: schema, table, relation, column, whether it
# is a moment, its default, whether it tells a state (a word or a flag), and whether it refers to anything or is a key.
TIMES = """
with people as (
    select 'auth.users'::pg_catalog.regclass::pg_catalog.oid as relation
    union
    select k.conrelid from pg_catalog.pg_constraint k
    join pg_catalog.pg_index i on i.indrelid = k.conrelid and i.indisprimary and i.indnkeyatts = 1
    where k.contype = 'f' and k.confrelid = 'auth.users'::pg_catalog.regclass and k.conkey = array[i.indkey[0]]
)
select n.nspname::text, c.relname::text, c.oid::pg_catalog.regclass::text, a.attname::text,
       y.typname in ('timestamptz', 'timestamp', 'date'), coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       y.typcategory in ('S', 'E', 'B') and not exists (
           select from pg_catalog.pg_constraint k
           where k.conrelid = c.oid and k.contype in ('f', 'p', 'u') and a.attnum = any (k.conkey))
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type y on y.oid = a.atttypid
left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum and a.attgenerated = ''
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname <> all (%(platform)s)
and n.nspname !~ '^pg_|^information_schema$' and exists (
    select from pg_catalog.pg_attribute p
    where p.attrelid = c.oid and p.attnum > 0 and not p.attisdropped and (
        p.attname ~* %(contact)s
        or (p.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype and p.attname = any (%(owners)s))
        or exists (select from pg_catalog.pg_constraint k join people on people.relation = k.confrelid
                   where k.conrelid = c.oid and k.contype = 'f' and p.attnum = any (k.conkey))))
order by 1, 2, a.attnum
"""

_NAME = r'(?:"?(?P<{0}of>\w+)"?\s*\.\s*)?"?(?P<{0}name>\w+)"?'
_CAST = r"(?:\s*::\s*[\w. ]+?(?:\(\d\))?)?"
_NOW = (
    r"(?:pg_catalog\.)?(?:(?:now|clock_timestamp|statement_timestamp|transaction_timestamp)\s*\(\s*\)"
    r"|timezone\s*\([^()]*(?:\(\s*\))?\s*\)|current_timestamp|current_date|localtimestamp|'(?:now|today)')"
)
# Nothing is added or taken away: what somebody did in the last five minutes is no end.
_PLAIN = rf"(?:\s*\)|{_CAST})*+(?!\s*[-+])"
_AHEAD = re.compile(
    rf"(?:coalesce\s*\(\s*)?{_NAME.format('')}{_CAST}(?:\s*,[^(),]*\))?[\s)]*{_CAST}\s*>=?[\s(]*(?:select\s+)?{_NOW}{_PLAIN}"
    rf"|{_NOW}(?:\s*\)|{_CAST})*\s*<=?[\s(]*(?:coalesce\s*\(\s*)?{_NAME.format('r')}",
    re.IGNORECASE,
)
_EMPTY = re.compile(rf"{_NAME.format('')}[\s)]*\s+is\s+null\b", re.IGNORECASE)
_MOMENT = re.compile(rf"{_NOW}|\bis\s+null\b", re.IGNORECASE)
_ALIAS = re.compile(
    r'\b(?:from|join|update|into)[\s(]+(?:only\s+)?(?:"?\w+"?\s*\.\s*)?"?(?P<table>\w+)"?\s+(?:as\s+)?"?(?P<alias>\w+)"?',
    re.IGNORECASE,
)
_LATER = re.compile(rf"{_NOW}.*\+|\+.*{_NOW}", re.IGNORECASE | re.DOTALL)
# What lies ahead by default and is the end of nothing.
_NO_END = re.compile(r"next|start|begin|remind|renew|schedul|send|publish|available|run_at", re.IGNORECASE)
# A rank is asked for beside the end, or without it.
_RANK = re.compile(r"(^|_)(roles?|rank|permissions?|level|scopes?|access)($|_)|admin|can_", re.IGNORECASE)


DEFAULT = "its default"


@dataclass(frozen=True)
class End:
    """A column that says when a row of a table lets nobody in any more.

    ``asked_by`` says who takes it for that, ``reads`` whether that is about reading, and ``states`` what else of the
    row they ask: words and flags, and other moments. ``by_default``: each row has one, if nobody says otherwise.
    """

    place: Place
    relation: str
    column: str
    asked_by: tuple[str, ...]
    reads: bool
    states: frozenset[str]
    by_default: bool = False


class Time(NamedTuple):
    """A column of a table whose rows are people's, as TIMES tells."""

    schema: str
    table: str
    relation: str
    name: str
    moment: bool
    default: str
    state: bool


class Ends:
    """What a project treats as an end, and whether a text asks for one."""

    def __init__(self, columns: Iterable[Time], calls: Calls) -> None:
        self.calls = calls
        self.read: dict[tuple[re.Pattern[str], Source], list[tuple[Place, str]]] = {}
        self.columns: dict[Place, list[Time]] = {}
        for each in columns:
            self.columns.setdefault((each.schema, each.table), []).append(each)
        self.moments: dict[Place, dict[str, Time]] = {
            place: {each.name: each for each in those if each.moment} for place, those in self.columns.items()
        }

    def of(self, known: Known, branches: Callable[[str], Iterable[str]]) -> list[End]:
        """Return the ends that rules, functions and defaults know; ``branches`` tells a rule's alternatives apart."""
        found: dict[tuple[Place, str, bool, frozenset[str]], dict[str, None]] = {}

        def keep(place: Place, column: str, by: str, sources: Sequence[Source], *, reads: bool) -> None:
            states = self.states(place, column, sources)
            found.setdefault((place, column, reads, states), {})[by] = None

        for relation, rules in known.rules.items():
            own = _place(relation)
            for rule in rules:
                # Whoever writes reads as well, but is asked for more.
                reads = rule.command == "r"
                for part in self._parts(rule, branches):
                    sources = [*self.calls.led_to([part])]
                    by = f"{rule.name} on {relation}"
                    for source in sources:
                        of_row = None if source.name else own
                        for place, column in self._compared(_AHEAD, source, of_row):
                            if place != own or rule.command == "r":
                                keep(place, column, by, sources, reads=reads)
                        for place, column in self._compared(_EMPTY, source, of_row):
                            if place != own:
                                keep(place, column, by, sources, reads=reads)
        removed, by_default = set[tuple[Place, str]](), list[End]()
        for source in self.calls.known.values():
            if source.brought:
                continue
            for place, column in self._compared(_AHEAD, source, None):
                keep(place, column, f"{source.schema}.{source.name}", [source], reads=True)
            removed |= self._removed(source)
        for place, moments in self.moments.items():
            for each in moments.values():
                ahead = _LATER.search(each.default) and not _NO_END.search(each.name)
                if ahead and (place, each.name) not in removed:
                    by_default.append(End(place, each.relation, each.name, (DEFAULT,), True, frozenset(), True))
        return by_default + [
            End(place, self.columns[place][0].relation, column, tuple(by), reads, states)
            for (place, column, reads, states), by in found.items()
        ]

    def _parts(self, rule: Rule, branches: Callable[[str], Iterable[str]]) -> Iterator[str]:
        """Yield the alternatives of a rule that compares any moment."""
        for text in filter(None, (rule.using, rule.check)):
            with suppress(Unchecked):  # what cannot be read is told when its own table's turn comes
                if any(_MOMENT.search(_said(source)) for source in self.calls.led_to([text])):
                    yield from branches(text)

    def states(self, place: Place, column: str, sources: Iterable[Source]) -> frozenset[str]:
        """Return what else of a table's rows some sources ask than an end: words, flags and other moments."""
        words = {word for source in sources for word in re.findall(r"\w+", _said(source))}
        return frozenset(
            each.name
            for each in self.columns[place]
            if (each.state or each.moment)
            and each.name in words - {column}
            and not _RANK.search(each.name)
            and not CONTACT_COLUMN.search(each.name)
        )

    def asks(self, column: str, sources: Iterable[Source]) -> bool:
        """Tell whether some sources name a column at all."""
        return any(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", _said(source)) for source in sources)

    def _compared(self, pattern: re.Pattern[str], source: Source, own: Place | None) -> list[tuple[Place, str]]:
        """Return the columns of moments that a source compares in some way; ``own``: whose row a policy is about."""
        if own is not None:
            return [*self._read(pattern, source, own)]
        if (pattern, source) not in self.read:  # many policies lead to the same function
            self.read[pattern, source] = [*self._read(pattern, source, None)]
        return self.read[pattern, source]

    def _read(self, pattern: re.Pattern[str], source: Source, own: Place | None) -> Iterator[tuple[Place, str]]:
        text = _said(source)
        if source.language not in ("sql", "plpgsql") or not pattern.search(text):
            return
        named = {place for place in self.calls.looks_at([source]) if place in self.moments}
        aliases = {each["alias"].lower(): each["table"] for each in _ALIAS.finditer(text)}
        for each in pattern.finditer(text):
            groups = each.groupdict()
            name = groups["name"] or groups.get("rname") or ""
            of = groups["of"] or groups.get("rof") or ""
            table = aliases.get(of.lower(), of)
            if own is not None and table in ("", own[1]):
                if name in self.moments.get(own, {}):
                    yield own, name
                continue
            places = [p for p in named if name in self.moments[p] and (not of or p[1] == table)]
            if not places and of:  # a variable that holds a row
                places = [p for p in named if name in self.moments[p]]
            if len(places) == 1:
                yield places[0], name

    def _removed(self, source: Source) -> set[tuple[Place, str]]:
        """Return the moments by which a function removes rows: who cleans up keeps none that have ended."""
        if not re.search(r"\bdelete\s+from\b", _said(source), re.IGNORECASE):
            return set()
        written = {name for _, name in source.mentions.written}
        return {
            (place, name)
            for place, moments in self.moments.items()
            if place[1] in written
            for name in moments
            if self.asks(name, [source])
        }


def ends_of(cursor: Cursor, calls: Callable[[], Calls], platform: Collection[str]) -> Ends | None:
    """Return what reads the ends of a database's tables; None where no table of people's rows holds a moment."""
    given = {"platform": [*platform], "owners": [*OWNERS], "contact": CONTACT_COLUMN.pattern}
    columns = [Time(*row) for row in cursor.execute(TIMES, given).fetchall()]
    return Ends(columns, calls()) if any(each.moment for each in columns) else None


def _place(relation: str) -> Place:
    schema, _, name = relation.rpartition(".")
    return schema.strip('"'), name.strip('"')


def _said(source: Source) -> str:
    """Return what a source says without comments; a policy's condition has none."""
    return source.plain if source.name else source.text

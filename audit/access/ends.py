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
from functools import cached_property
from typing import NamedTuple

from audit.access.rules import Known, Rule
from audit.catalog.calls import Calls, Source
from audit.evidence import Unchecked
from audit.names import CONTACT_COLUMN, OWNERS
from audit.question import Cursor

Place = tuple[str, str]

# Columns of tables that hold a moment: schema, table, relation, column, whether it is a moment, its default, whether it
# tells a state (a word or a flag that is in no key and refers to nothing), whether it is in the key, whether it is of a
# type that codes have, and whether the table's rows are people's, or name them by an address.
TIMES = """
with people as (
    select 'auth.users'::pg_catalog.regclass::pg_catalog.oid as relation
    union
    select k.conrelid from pg_catalog.pg_constraint k
    join pg_catalog.pg_index i on i.indrelid = k.conrelid and i.indisprimary and i.indnkeyatts = 1
    where k.contype = 'f' and k.confrelid = 'auth.users'::pg_catalog.regclass and k.conkey = array[i.indkey[0]]
),
columns as (
    select c.oid, c.relnamespace, c.relname, a.attnum, a.attname, y.typname, y.typcategory,
           coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') as default,
           coalesce(k.refers, false) as refers, coalesce(k.keyed, false) as keyed, coalesce(k.is_key, false) as is_key,
           coalesce(k.person, false) or a.attname ~* %(contact)s
           or (y.typname = 'uuid' and a.attname = any (%(owners)s)) as person
    from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type y on y.oid = a.atttypid
    left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum and a.attgenerated = ''
    left join lateral (
        select bool_or(k.contype = 'f') as refers, bool_or(k.contype = 'u') as keyed,
               bool_or(k.contype = 'p') as is_key,
               bool_or(k.contype = 'f' and k.confrelid in (select relation from people)) as person
        from pg_catalog.pg_constraint k where k.conrelid = c.oid and a.attnum = any (k.conkey)
    ) as k on true
    where c.relkind in ('r', 'p') and not c.relispartition
)
select n.nspname::text, x.relname::text, x.oid::pg_catalog.regclass::text, x.attname::text,
       x.typname in ('timestamptz', 'timestamp', 'date') as moment, x."default",
       x.typcategory in ('S', 'E', 'B') and not (x.refers or x.keyed or x.is_key), x.is_key,
       (x.typcategory = 'S' or x.typname = 'uuid') and not x.refers,
       bool_or(x.person) over (partition by x.oid), x.typcategory = 'B'
from columns x join pg_catalog.pg_namespace n on n.oid = x.relnamespace
where n.nspname <> all (%(platform)s) and n.nspname !~ '^pg_|^information_schema$'
order by 1, 2, x.attnum
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
_PAST = re.compile(
    rf"{_NAME.format('')}{_CAST}[\s)]*{_CAST}\s*<=?[\s(]*(?:select\s+)?{_NOW}|{_NOW}(?:\s*\)|{_CAST})*\s*>=?[\s(]*{_NAME.format('r')}",
    re.IGNORECASE,
)
_EMPTY = re.compile(rf"{_NAME.format('')}[\s)]*\s+is\s+null\b", re.IGNORECASE)
_WORD = r"'(?:[^']|'')*'(?:\s*::[\w. ]+)?"
_WORDS = re.compile(
    rf"{_NAME.format('')}{_CAST}[\s)]*{_CAST}\s*(?:=\s*(?:any\s*\(+\s*array\s*\[)?|\bin\s*\()\s*"
    rf"(?P<words>{_WORD}(?:\s*,\s*{_WORD})*)",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    rf"{_NAME.format('')}{_CAST}[\s)]*{_CAST}\s*(?:(?:<>|!=)\s*(?:all\s*\(+\s*array\s*\[)?|\bis\s+distinct\s+from\s|\bnot\s+in\s*\()"
    rf"[\s(]*(?P<words>{_WORD}(?:\s*,\s*{_WORD})*)",
    re.IGNORECASE,
)
_FLAG = re.compile(
    rf"(?P<no>\bnot\s*\(*\s*)?(?<![\w.]){_NAME.format('')}(?:\s*(?:=|\bis\b)\s*(?P<said>true|false)\b)?(?!\s*(?:[=<>!.(,]|is\b|from\b))",
    re.IGNORECASE,
)
_MOMENT = re.compile(rf"{_NOW}|\bis\s+null\b", re.IGNORECASE)
_ALIAS = re.compile(
    r'\b(?:from|join|update|into)[\s(]+(?:only\s+)?(?:"?\w+"?\s*\.\s*)?"?(?P<table>\w+)"?\s+(?:as\s+)?"?(?P<alias>\w+)"?',
    re.IGNORECASE,
)
_LATER = re.compile(rf"{_NOW}.*\+|\+.*{_NOW}", re.IGNORECASE | re.DOTALL)
# What lies ahead by default and is the end of nothing.
_NO_END = re.compile(r"next|start|begin|remind|renew|schedul|send|publish|available|run_at", re.IGNORECASE)
# A rank is asked for beside the end, or without it.
RANK = re.compile(r"(^|_)(roles?|rank|permissions?|level|scopes?|access)($|_)|admin|can_", re.IGNORECASE)


DEFAULT = "its default"


@dataclass(frozen=True)
class End:
    """A column that says when a row of a table lets nobody in any more.

    ``asked_by`` says who takes it for that, ``reads`` whether that is about reading, and ``states`` what else of the
    row they ask: words and flags, and other moments. ``by_default``: each row has one, if nobody says otherwise.
    ``is_empty``: as long as it is empty the row has not ended.
    """

    place: Place
    relation: str
    column: str
    asked_by: tuple[str, ...]
    reads: bool
    states: frozenset[str]
    by_default: bool = False
    is_empty: bool = False


class Time(NamedTuple):
    """A column of a table that holds a moment, as TIMES tells."""

    schema: str
    table: str
    relation: str
    name: str
    moment: bool
    default: str
    state: bool
    key: bool = False
    code: bool = False
    of_people: bool = True
    flag: bool = False


class Ends:
    """What a project treats as an end, and whether a text asks for one."""

    def __init__(
        self, columns: Iterable[Time], calls: Calls, known: Known, branches: Callable[[str], Iterable[str]]
    ) -> None:
        """``branches`` tells the alternatives of a rule apart."""
        self.calls, self.known, self.branches = calls, known, branches
        self.read: dict[tuple[re.Pattern[str], Source], list[tuple[Place, str]]] = {}
        self.columns: dict[Place, list[Time]] = {}
        for each in columns:
            self.columns.setdefault((each.schema, each.table), []).append(each)
        self.moments: dict[Place, dict[str, Time]] = {
            place: {each.name: each for each in those if each.moment}
            for place, those in self.columns.items()
            if any(each.moment for each in those)
        }

    @cached_property
    def all(self) -> list[End]:
        """Return the ends that rules, functions and defaults know."""
        found: dict[tuple[Place, str, bool, frozenset[str], bool], dict[str, None]] = {}

        def keep(
            place: Place, column: str, by: str, sources: Sequence[Source], *, reads: bool, is_empty: bool = False
        ) -> None:
            states = self.states(place, column, sources)
            found.setdefault((place, column, reads, states, is_empty), {})[by] = None

        for relation, rules in self.known.rules.items():
            own = _place(relation)
            for rule in rules:
                # Whoever writes reads as well, but is asked for more.
                reads = rule.command == "r"
                for part in self._parts(rule):
                    sources = [*self.calls.led_to([part])]
                    by = f"{rule.name} on {relation}"
                    for source in sources:
                        of_row = None if source.name else own
                        for place, column in self._compared(_AHEAD, source, of_row):
                            if place != own or rule.command == "r":
                                keep(place, column, by, sources, reads=reads)
                        for place, column in self._compared(_EMPTY, source, of_row):
                            if place != own:
                                keep(place, column, by, sources, reads=reads, is_empty=True)
        removed, by_default = set[tuple[Place, str]](), list[End]()
        for source in self.bodies():
            for place, column in self._compared(_AHEAD, source, None):
                keep(place, column, f"{source.schema}.{source.name}", [source], reads=True)
            removed |= self._removed(source)
        for place, moments in self.moments.items():
            for each in moments.values():
                ahead = _LATER.search(each.default) and not _NO_END.search(each.name)
                if ahead and (place, each.name) not in removed:
                    by_default.append(End(place, each.relation, each.name, (DEFAULT,), True, frozenset(), True))
        return by_default + [
            End(place, self.columns[place][0].relation, column, tuple(by), reads, states, is_empty=is_empty)
            for (place, column, reads, states, is_empty), by in found.items()
        ]

    def emptied(self, sources: Iterable[Source] = ()) -> Iterator[tuple[Place, str, str, frozenset[str]]]:
        """Yield the moments that rules, or some functions, ask to be empty: table, column, who asks, what besides."""
        for relation, rules in self.known.rules.items():
            for rule in rules:
                for part in self._parts(rule):
                    led_to = [*self.calls.led_to([part])]
                    for source in led_to:
                        for place, column in self._compared(_EMPTY, source, None if source.name else _place(relation)):
                            yield place, column, f"{rule.name} on {relation}", self.states(place, column, led_to)
        for source in sources:
            for place, column in self._compared(_EMPTY, source, None):
                yield place, column, f"{source.schema}.{source.name}", self.states(place, column, [source])

    @cached_property
    def swept(self) -> set[tuple[Place, str]]:
        """Return the moments by which functions look for rows that have ended, and change or remove them."""
        return {
            (place, column)
            for source in self.bodies()
            for place, column in self._compared(_PAST, source, None)
            if place[1] in {name for _, name in source.mentions.written}
        }

    def bodies(self) -> Iterator[Source]:
        """Yield the project's functions and views."""
        return (source for source in self.calls.known.values() if not source.brought)

    def _parts(self, rule: Rule) -> Iterator[str]:
        """Yield the alternatives of a rule that compares any moment."""
        for text in filter(None, (rule.using, rule.check)):
            with suppress(Unchecked):  # what cannot be read is told when its own table's turn comes
                if any(_MOMENT.search(_said(source)) for source in self.calls.led_to([text])):
                    yield from self.branches(text)

    def states(self, place: Place, column: str, sources: Iterable[Source]) -> frozenset[str]:
        """Return what else of a table's rows some sources ask than an end: words, flags and other moments."""
        words = {word for source in sources for word in re.findall(r"\w+", _said(source))}
        return frozenset(
            each.name
            for each in self.columns[place]
            if (each.state or each.moment)
            and each.name in words - {column}
            and not RANK.search(each.name)
            and not CONTACT_COLUMN.search(each.name)
        )

    def words(self, place: Place, column: str, sources: Iterable[Source]) -> frozenset[str]:
        """Return the words one of which some sources ask of a column that tells a state.

        What is asked of a column that several of the tables have which a source looks at is nobody's, for certain.
        """
        found = self._asked(_WORDS, place, column, sources)
        return frozenset(word.strip("'") for each in found for word in re.findall(r"'[^']*'", each["words"]))

    def refused(self, place: Place, column: str, sources: Iterable[Source]) -> frozenset[str]:
        """Return the words that some sources ask a column not to say, as ``words`` does."""
        found = self._asked(_REFUSED, place, column, sources)
        return frozenset(word.strip("'") for each in found for word in re.findall(r"'[^']*'", each["words"]))

    def flags(self, place: Place, column: str, sources: Iterable[Source]) -> frozenset[str]:
        """Return what some sources ask a flag to say, true or false, as ``words`` does."""
        found = self._asked(_FLAG, place, column, sources)
        return frozenset(str(bool(each["no"]) == ((each["said"] or "").lower() == "false")).lower() for each in found)

    def _asked(
        self, pattern: re.Pattern[str], place: Place, column: str, sources: Iterable[Source]
    ) -> Iterator[re.Match[str]]:
        for source in sources:
            text = _said(source)
            aliases = {each["alias"].lower(): each["table"] for each in _ALIAS.finditer(text)}
            having = {
                p for p in self.calls.looks_at([source]) if any(c.name == column for c in self.columns.get(p, ()))
            }
            for each in pattern.finditer(text) if place in having else ():
                of = each["of"] or ""
                is_its = aliases.get(of.lower(), of) == place[1] if of else having == {place}
                if each["name"] == column and is_its:
                    yield each

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


def ends_of(
    cursor: Cursor,
    calls: Callable[[], Calls],
    platform: Collection[str],
    known: Known,
    branches: Callable[[str], Iterable[str]],
) -> Ends | None:
    """Return what reads the ends of a database's tables; None where no table holds a moment, or tells a state."""
    given = {"platform": [*platform], "owners": [*OWNERS], "contact": CONTACT_COLUMN.pattern}
    columns = [Time(*row) for row in cursor.execute(TIMES, given).fetchall()]
    return Ends(columns, calls(), known, branches) if any(each.moment or each.state for each in columns) else None


def _place(relation: str) -> Place:
    schema, _, name = relation.rpartition(".")
    return schema.strip('"'), name.strip('"')


def _said(source: Source) -> str:
    """Return what a source says without comments; a policy's condition has none."""
    return source.plain if source.name else source.text

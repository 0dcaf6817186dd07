"""Calling what the API serves as somebody else, and looking at what it gives away, changes, or fails on.

What somebody is entitled to is inferred from what they read directly: a private text that they cannot read in its own
table, and that is not in a row about themselves, is none of theirs. All calls of one person are one round trip; each is
undone in the server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, product, zip_longest
from pathlib import Path
from typing import Any

from psycopg import errors, sql
from psycopg.rows import dict_row

from audit.actors import Stage
from audit.catalog.calls import Calls, Source, calls_of
from audit.names import CONTACT, OVER, VOCABULARIES, lets_in, private_columns, private_figures
from audit.people import CAST, Identity
from audit.probes.arguments import OTHER, UUID, Given, Values, stories, uses
from audit.probes.attempt import acting, ask, each, prepared
from audit.probes.documents import Taken, put_together, taken
from audit.probes.dynamic import named, named_calls, unfolded
from audit.question import Connection, Cursor, short_ms, together

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")

VICTIMS = tuple(str(CAST[name].id) for name in ("alice", "bob"))
EVERYBODY = [person.id for person in CAST.values() if person.id]

# What the server says of a body that refers to what is not there, in English.
BROKEN_CODES = {"42703", "42P01", "42883", "42725", "42P02", "42702", "42704", "3F000"}
BROKEN_TEXT = (
    r"(column|relation|function|type|schema|operator|parameter) ?[^ ]*( of relation [^ ]+)?( ?\(.*\))? does not exist"
    r'|operator does not exist: |record "[^"]+" has no field "|column reference "[^"]+" is ambiguous'
    r"|function [^ ]+\(.*\) is not unique"
)

# What reaches out of the database at once is not called: the network, files of the server, other sessions. Requests of
# pg_net and jobs of pg_cron are rows, which count from the end of a transaction that ours never reach
# (https://supabase.com/docs/guides/database/extensions/pg_net, https://github.com/citusdata/pg_cron).
OUTSIDE = re.compile(
    r"\b(dblink|aws_s3|aws_lambda)\s*\.|\bdblink\w*\s*\(|\blo_(import|export)\s*\("
    r"|\bpg_(read|ls|file|logdir)_?\w*\s*\(|\bpg_stat_file\s*\(|\bcopy\b(?:(?!\bcopy\b)[^;])*?\b(program|from|to)\s++(program\s*+)?+'"
    r"|\bpg_(terminate|cancel)_backend\s*\(|\bpg_reload_conf\s*\(",
    re.IGNORECASE,
)
# The extension http asks the network at once; ours, which stands in for it, is written in SQL and asks nobody.
HTTP = re.compile(r"(?<!net\.)\bhttp(_\w+)?\s*\(", re.IGNORECASE)

FUNCTIONS = """
select p.oid::bigint as oid, p.oid::pg_catalog.regprocedure::text as signature,
       pg_catalog.format('%%I.%%I', n.nspname, p.proname) as called, p.proname::text as name,
       n.nspname::text as schema,
       exists (select from unnest(p.proargtypes) as given (type) join pg_catalog.pg_type t on t.oid = given.type
               where t.typtype = 'p') as pseudo_arguments,
       r.typname in ('trigger', 'event_trigger') as returns_trigger, n.nspname = any (%(exposed)s) as exposed,
       p.prokind::text as kind, p.provolatile = 'v' as volatile, p.proisstrict as strict,
       p.pronargdefaults as defaults, p.provariadic <> 0 as variadic,
       r.typtype = 'p' and r.typname <> 'record' as pseudo, l.lanpltrusted as trusted, l.lanname::text as language,
       l.lanname in ('c', 'internal') as compiled, p.prosrc as source,
       array(select a.rolname::text from pg_catalog.pg_roles a
             where a.rolname = any (%(api_roles)s) and pg_catalog.has_schema_privilege(a.oid, n.oid, 'usage')
             and pg_catalog.has_function_privilege(a.oid, p.oid, 'execute')) as roles,
       array(select pg_catalog.jsonb_build_object(
                 'name', case when p.proargmodes is null then p.proargnames[given.place]
                     else (select (array_agg(coalesce(p.proargnames[m.i], '') order by m.i))[given.place]
                           from unnest(p.proargmodes) with ordinality as m (mode, i)
                           where m.mode in ('i', 'b', 'v')) end,
                 'type', pg_catalog.format_type(t.oid, null), 'kind', t.typtype, 'category', t.typcategory,
                 'base', pg_catalog.format_type(coalesce(nullif(e.typbasetype, 0), e.oid), null),
                 'fields', (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(
                                       f.attname, pg_catalog.format_type(f.atttypid, null)) order by f.attnum)
                            from pg_catalog.pg_attribute f
                            where e.typtype = 'c' and f.attrelid = e.typrelid and f.attnum > 0 and not f.attisdropped),
                 'labels', array(select g.enumlabel from pg_catalog.pg_enum g where g.enumtypid = e.oid
                                 order by g.enumsortorder))
             from unnest(p.proargtypes) with ordinality as given (type, place)
             join pg_catalog.pg_type t on t.oid = given.type
             join pg_catalog.pg_type e on e.oid = case when t.typcategory = 'A' then t.typelem else t.oid end
             order by given.place) as arguments
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
join pg_catalog.pg_type r on r.oid = p.prorettype
where p.prokind in ('f', 'p') and n.nspname <> all (%(platform_schemas)s) and n.nspname !~ '^pg_|^information_schema$'
and (r.typname not in ('internal', 'language_handler', 'fdw_handler', 'index_am_handler', 'table_am_handler'))
and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
    -- An extension's, or what comes with a type: the constructors of ranges.
    and d.deptype in ('e', 'i'))
order by 2
"""

# Relations that answer without being asked for anything: views of all kinds, and tables, where copies may be.
DOORS = """
select c.oid::pg_catalog.regclass::text as name, r.rolname::text as role, c.relkind::text as kind,
       array(select quote_ident(a.attname) from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             and pg_catalog.has_column_privilege(r.oid, c.oid, a.attnum, 'select') order by a.attnum) as columns
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_roles r on r.rolname = any (%(api_roles)s) and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
where n.nspname = any (%(exposed)s) and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
and pg_catalog.has_any_column_privilege(r.oid, c.oid, 'select')
and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
order by 1
"""

# The tables that a role may read.
READABLE = """
select distinct a.name
from pg_temp.audited a
join pg_catalog.pg_attribute c on c.attrelid = a.oid and c.attnum > 0 and not c.attisdropped
where not a.partition and pg_catalog.has_schema_privilege(%(caller)s, a.schema, 'usage')
and pg_catalog.has_column_privilege(%(caller)s, a.oid, c.attnum, 'select')
order by 1
"""

# Rows that arguments can name: those about the victims first, then those that rows about the victims refer to, as a
# loan does to the copy that was lent, and more of the others where there is neither. Of a key of several columns, those
# that are the row's own and not its parents', if there are any.
IDS = """
with referred as materialized (
    select distinct f.confrelid as parent, k.attname as name, s.content ->> c.attname as value
    from pg_catalog.pg_constraint f
    join pg_temp.audited a on a.oid = f.conrelid
    join pg_catalog.pg_attribute c on c.attrelid = f.conrelid and c.attnum = f.conkey[1]
    join pg_catalog.pg_attribute k on k.attrelid = f.confrelid and k.attnum = f.confkey[1]
    join pg_temp.stored s on s.relation = a.name and s.people && %(victims)s::text[]
    where f.contype = 'f' and pg_catalog.cardinality(f.conkey) = 1 and f.confrelid <> f.conrelid
)
select relation, relname, key_type as type, key, about
from (
    select y.*,
           dense_rank() over (partition by relation, about, near order by pg_catalog.md5(whole)) as n,
           bool_or(about) over (partition by relation) as names_them,
           bool_or(near) over (partition by relation) as near_them
    from (
        select s.relation, a.relname, k.type as key_type, s.content ->> k.name as key, s.key as whole,
               s.people && %(victims)s::text[] as about,
               (a.oid, k.name, s.content ->> k.name) in (select parent, name, value from referred) is true as near
        from pg_temp.stored s join pg_temp.audited a on a.name = s.relation
        join lateral (
            select t.attname as name, pg_catalog.format_type(t.atttypid, null) as type,
                   rank() over (order by exists (
                       select from pg_catalog.pg_constraint f
                       where f.conrelid = a.oid and f.contype = 'f' and t.attnum = any (f.conkey))) as place
            from pg_catalog.pg_attribute t where t.attrelid = a.oid and t.attname = any (a.key)
        ) as k on k.place = 1
        where a.schema <> 'auth'
    ) as y
) as x
where n <= case when about then 6 when names_them then 2 when near then 4 when near_them then 2 else 6 end
order by relation, not about, not near, n
"""

# Whole rows from which the arguments of one call are taken: a few of each table, those about the victims first.
ROWS = """
select relation, relname, key, content
from (
    select s.relation, a.relname, case when pg_catalog.cardinality(a.key) = 1 then a.key[1] end as key, s.content,
           row_number() over (
               partition by s.relation order by s.people && %(victims)s::text[] desc, pg_catalog.md5(s.key)) as n
    from pg_temp.stored s join pg_temp.audited a on a.name = s.relation
    where a.schema <> 'auth' and not a.partition
) as x
where n <= 3
order by n, relation
"""

# Rows in which somebody is named, a few of each table.
OWN_ROWS = """
select person, relation, relname, key, content
from (
    select w.person, s.relation, a.relname, s.content,
           case when pg_catalog.cardinality(a.key) = 1 then a.key[1] end as key,
           row_number() over (partition by w.person, s.relation order by pg_catalog.md5(s.key)) as n
    from unnest(%(people)s::text[]) as w (person)
    join pg_temp.stored s on w.person = any (s.people)
    join pg_temp.audited a on a.name = s.relation
    where a.schema <> 'auth' and not a.partition
) as x
where n <= 2
order by n, relation
"""

# Columns of texts and ids: relation, table, name, default, and whether it is in the key.
CODES = """
select a.name, a.relname, t.attname::text, coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       t.attname = any (coalesce(a.key, '{}'))
from pg_temp.audited a
join pg_catalog.pg_attribute t on t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped
join pg_catalog.pg_type y on y.oid = t.atttypid and (y.typcategory = 'S' or y.typname in ('uuid', 'bytea'))
left join pg_catalog.pg_attrdef d on d.adrelid = a.oid and d.adnum = t.attnum
where a.schema <> 'auth'
"""

VALUES = """
select name, pg_catalog.array_agg(value order by value) as values
from (
    select w.name, s.content ->> w.name as value, row_number() over (partition by w.name order by min(s.key)) as n
    from unnest(%(names)s::text[]) as w (name)
    join pg_temp.audited a on exists (
        select from pg_catalog.pg_attribute t where t.attrelid = a.oid and t.attname = w.name)
    join pg_temp.stored s on s.relation = a.name
    where s.content ->> w.name is not null and (s.people = '{}' or s.people && %(victims)s::text[])
    group by w.name, s.content ->> w.name
) as x
where n <= 4 group by name
"""


def _about(name: str) -> str:
    """Return what a name is about, without what is put before and after by habit."""
    bare = re.sub(r"^(p|in|arg|v|the|target|new|a)?_+|^(target|the)_", "", name.lower())
    return re.sub(r"_?(uu)?ids?$", "", bare)


@dataclass(frozen=True)
class Argument:
    """One argument of a function, as the catalogue describes it.

    ``base`` is an array's element or a domain's type; ``fields`` are a row's, or those of each
    in a list, by name and type.
    """

    name: str | None
    type: str
    kind: str
    category: str
    base: str
    labels: list[str]
    fields: list[tuple[str, str]] | None = None

    @cached_property
    def word(self) -> str:
        """What the name is about, without what is put before and after by habit: ``request`` for ``p_request_id``."""
        return _about(self.name or "")


@dataclass(frozen=True)
class Routine:
    """A function of the project that can be called."""

    oid: int
    signature: str
    called: str
    name: str
    schema: str
    pseudo_arguments: bool
    returns_trigger: bool
    exposed: bool
    kind: str
    volatile: bool
    strict: bool
    defaults: int
    variadic: bool
    pseudo: bool
    trusted: bool
    compiled: bool
    language: str
    source: str
    roles: list[str]
    arguments: list[Argument]

    def text(self, values: Sequence[str | None]) -> str:
        """Return the call with these values, each cast to its argument's type."""
        given = [
            f"{'variadic ' if self.variadic and at == len(self.arguments) - 1 else ''}"
            f"{sql.Literal(value).as_string(None)}::{argument.type}"
            for at, (value, argument) in enumerate(zip(values, self.arguments, strict=False))
        ]
        if self.kind == "p":
            return f"call {self.called}({', '.join(given)})"
        answer = "x::text" if self.pseudo else "x"
        return (
            f"select pg_catalog.to_jsonb({answer}) as answer from (select {self.called}({', '.join(given)}) as x) as y"
        )


@dataclass(frozen=True)
class Opened:
    """A function whose arguments are its own, and after them what its body takes out of documents and rows."""

    routine: Routine
    leaves: Sequence[Taken]
    text: str

    @property
    def own(self) -> Sequence[Argument]:
        """The function's own arguments."""
        return self.routine.arguments[: len(self.routine.arguments) - len(self.leaves)]

    @property
    def names(self) -> tuple[str | None, ...]:
        """What the text calls the arguments."""
        return (*(argument.name for argument in self.own), *(leaf.mark for leaf in self.leaves))

    def closed(self, values: Values) -> Values:
        """Return the values of the function's own arguments."""
        return put_together(values, self.leaves, self.own)


_DOCUMENTS = ("json", "jsonb")
# Of how many words that rules ask of a column each is tried.
MOST_DECIDING = 3
# With how many rows' values.
MOST_BEGUN = 4


def _call(opened: Opened, values: Values) -> dict[str, Any]:
    """Return a call with these values of what a function's body takes."""
    routine = opened.routine
    return {
        "call": routine.signature,
        "text": routine.text(opened.closed(values)),
        "given": " ".join(value for value in values if value),
        "values": values,
        # In a transaction of its own a function that is not VOLATILE only reads, whatever the request:
        # https://docs.postgrest.org/en/stable/references/transactions.html#access-mode
        "reading": routine.exposed and not routine.volatile,
    }


def document(text: str | None) -> dict[str, Any]:
    """Return the document that a text is; an empty one where it is none."""
    try:
        found = json.loads(text) if text and text.startswith("{") else {}
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _keyed(arguments: Sequence[Argument], whole: Mapping[str, Any]) -> Iterator[dict[int, str]]:
    """Yield a key of a document for one argument, and what is at it for another."""
    keys = [place for place, argument in enumerate(arguments) if argument.category == "S"]
    for key, value in whole.items():
        for place in keys:
            for other, argument in enumerate(arguments):
                if other != place and argument.base in _DOCUMENTS:
                    yield {place: key, other: json.dumps(value)}
                elif other != place and argument.category in ("S", "B", "N") and not isinstance(value, dict | list):
                    yield {place: key, other: str(value).lower() if isinstance(value, bool) else str(value)}


PERSON = re.compile(
    r"user|member|profile|person|owner|author|account|helper|requester|sender|recipient|receiver|customer|client|uid|other"
    r"|who|victim|friend|follow|target|^$|^me$|^for$|creator|assignee"
)
SECRETS = re.compile(r"token|secret|password|passwd|code|otp|api_?key|signature|hash")
# Columns by which somebody has more to say in a group than others of it, and what functions may ask of them.
OFFICES = (
    r"(^|_)(role|rank|position|office|level|access|permission)s?($|_)|^(is|can)_|(^|_)(admin|owner|manager|leader)$"
)
WORDS = re.compile(r"(?<=')\w{2,40}(?=')|\b(?:is|can)_\w+|\b\w*_?(?:admin|owner|manager|leader)\b")
# What is put between quotes into a statement ends them, and lets everything through.
EXECUTES = re.compile(r"\bexecute\b", re.IGNORECASE)
OUT_OF_QUOTES = "%' or 'a' like '%"
STATEMENT = re.compile(r"sql|query|statement|command|stmt")


@dataclass
class Plan:
    """What is there to be called, and with which ids and values."""

    routines: list[Routine]
    graph: Calls
    ids: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    outsiders: dict[Source, bool] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    # What was found out about words and functions: each is asked about for every person.
    known: dict[str | int, frozenset[str]] = field(default_factory=dict)
    opened: dict[int, Opened] = field(default_factory=dict)
    # What rules ask of columns, by the names of table and column.
    words: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    # Rows in which callers are named, by the caller.
    own: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    # What may be decided by a function's arguments is the same for every person.
    decided: dict[int, list[tuple[str, dict[int, str]]]] = field(default_factory=dict, init=False)

    def outside(self, routine: Routine) -> bool:
        """Tell whether a function, or what it calls, reaches out of the database."""
        reached = self.graph.reached(routine.oid)
        return (
            routine.compiled
            or not (routine.trusted or routine.language == "internal")
            or any(self._leads_outside(source) for source in reached if not source.brought)
            or (not self._stands_in and any(HTTP.search(source.plain) for source in reached))
        )

    @cached_property
    def _stands_in(self) -> bool:
        """Whether there is a source of http(), which the extension itself has in C."""
        return any(source.brought and source.name == "http" for source in self.graph.known.values())

    def _leads_outside(self, source: Source) -> bool:
        """Tell whether one source says so: each is read once, however many call it and however often it is asked."""
        if source not in self.outsiders:
            self.outsiders[source] = bool(OUTSIDE.search(source.plain))
        return self.outsiders[source]

    def calls(self, routine: Routine, me: str | None, most: int = 14) -> Iterator[dict[str, Any]]:
        """Return the calls of a function for one caller.

        "reading": the API makes it in a transaction that reads. "named", only where a function takes names of tables
        and columns: the call has names that are there, and belong together.
        """
        opened = self._opened(routine)
        sets = self._sets(opened, me)
        by_name = self._named(opened, sets)
        told = [*(by_name or ()), *self._stories(opened, sets, me)]
        together = [values for values in dict.fromkeys(told) if None not in values or not routine.strict]
        # What every argument may be by itself comes last, and is tried at least in part.
        combinations = [*islice(together, most), *islice(in_turn(sets), max(most - len(together), most // 2, 1))]
        if routine.arguments and not routine.strict:
            combinations.append((None,) * len(sets))
        for values in dict.fromkeys(combinations):
            yield {**_call(opened, values), **({} if by_name is None else {"named": values in by_name})}

    def deciding_calls(self, routine: Routine, me: str | None, most: int = 16) -> Iterator[dict[str, Any]]:
        """Return calls in which arguments are what rules ask of the column that they are put into ("decides")."""
        if not self.words or not routine.arguments:
            return
        opened = self._opened(routine)
        sets = self._sets(opened, me)
        own = self._stories(opened, sets, me, self.own.get(me or "", ()))
        stories = [values for values in (*own, *self._stories(opened, sets, me)) if None not in values]
        # About the caller first, as who gives themselves something does.
        stories.sort(key=lambda values: me not in values)
        begun = [*dict.fromkeys(stories)][:MOST_BEGUN] or [tuple(next(iter(known), None) for known in sets)]
        if routine.oid not in self.decided:
            self.decided[routine.oid] = [*self._deciding(opened)]
        changes = self.decided[routine.oid]
        mixed = (
            (column, tuple(change.get(place, value) for place, value in enumerate(values)))
            for values in begun
            for column, change in changes
        )
        for column, values in islice(dict.fromkeys(mixed), most):
            yield {**_call(opened, values), "decides": column}

    def _deciding(self, opened: Opened) -> Iterator[tuple[str, dict[int, str]]]:
        """Yield columns, and what arguments may be, by their places, so that one holds what rules ask of it."""
        routine, parts = opened.routine, {leaf.place for leaf in opened.leaves}
        text = unfolded(opened.text)
        looked = {self._of[name][0]["relname"] for name in self.looked_at(routine)}
        said = _said(text, self.words)
        asked = {table: words for table, words in self.words.items() if table in looked or table in said}
        its = named(text, routine.name, tuple(opened.names))
        used = uses(text, routine.name, tuple(opened.names))
        sets_keys = re.search(r"\bjsonb?_(?:set|insert|build_object|object)\b", text, re.IGNORECASE)
        for table, columns in asked.items():
            for column, words in columns.items():
                for word in words[:MOST_DECIDING]:
                    whole = document(word)
                    for place, (argument, use) in enumerate(zip(routine.arguments, used, strict=True)):
                        # What a body says of the argument; else, as behind a variable, what the argument is called.
                        into = {name for of, name in use.columns if of in (None, table)}
                        into = into or {argument.word, (argument.name or "").lower()}
                        if place in parts or argument.category == "A":
                            continue
                        if column in into and argument.base not in ("uuid", *_DOCUMENTS):
                            yield column, {place: word}
                        if argument.base in _DOCUMENTS:
                            yield column, {place: word if whole else json.dumps({column: word})}
                    for place in its.written:
                        value = next((other for other, of in its.compared.items() if of == place), None)
                        if value is not None:
                            yield column, {**dict.fromkeys(its.tables, table), place: column, value: word}
                    if whole and sets_keys:
                        yield from ((column, each) for each in _keyed(routine.arguments, whole))

    def calls_of_a_member(
        self, routine: Routine, me: str | None, own: Mapping[str, Sequence[str]], most: int = 4
    ) -> Iterator[dict[str, Any]]:
        """Return calls about rows of others in which a group of the caller's is given for the row's.

        ``own`` are those groups, by their table and by what columns call them.
        """
        opened = self._opened(routine)
        groups = {
            place: next((own[name] for name in (*sorted(self._meant(argument.word)), argument.word) if name in own), ())
            for place, argument in enumerate(opened.routine.arguments)
            if argument.word and argument.category != "A"
        }
        if len(opened.routine.arguments) < 2 or not any(groups.values()):
            return
        sets = self._sets(opened, me)
        about = list(islice((values for values in self._stories(opened, sets, me) if None not in values), most))
        # One of them is the caller's, or all but one are.
        places = [place for place, some in groups.items() if some]
        mixes = dict.fromkeys(
            mix for one in places for mix in ((one,), tuple(place for place in places if place != one) or (one,))
        )
        for mix, turn, values in product(mixes, range(max(map(len, groups.values()))), about):
            yield _call(
                opened,
                tuple(
                    groups[place][turn % len(groups[place])] if place in mix else value
                    for place, value in enumerate(values)
                ),
            )

    def _opened(self, routine: Routine) -> Opened:
        """Return a function with what it takes out of its arguments."""
        if routine.oid not in self.opened:
            source = self.graph.known.get(("function", routine.oid))
            body = source.plain if source else routine.source
            text, leaves = taken(body, routine.name, routine.arguments, self._columns)
            arguments = [Argument(leaf.path[-1], leaf.type, "b", leaf.category, leaf.type, []) for leaf in leaves]
            whole = replace(routine, arguments=[*routine.arguments, *arguments], source=text) if leaves else routine
            self.opened[routine.oid] = Opened(whole, leaves, text)
        return self.opened[routine.oid]

    @cached_property
    def _columns(self) -> dict[str, dict[str, str]]:
        """The columns of the tables that have rows, by the tables' names, each with the type that its values have."""
        found: dict[str, dict[str, str]] = {}
        for row in self.rows:
            of = found.setdefault(row["relname"].lower(), {})
            for column, value in row["content"].items():
                of.setdefault(column, _type_of(value))
        return found

    def _sets(self, opened: Opened, me: str | None) -> list[Sequence[str | None]]:
        """Return for each argument what it may be; of what is put together there is one."""
        parts = {leaf.place for leaf in opened.leaves}
        return [
            [""] if place in parts else self._candidates(opened.routine, argument, me)
            for place, argument in enumerate(opened.routine.arguments)
        ]

    def _stories(
        self,
        opened: Opened,
        sets: Sequence[Sequence[str | None]],
        me: str | None,
        rows: Sequence[Mapping[str, Any]] | None = None,
    ) -> list[Values]:
        """Return arguments that belong together, by what the function does with them, as some ``rows`` have them."""
        routine = opened.routine
        if not routine.arguments:
            return []
        used = uses(opened.text, routine.name, opened.names)
        named = [self._meant(argument.word) for argument in routine.arguments]
        arguments = [
            Given(
                (argument.name or "").lower(),
                argument.word,
                argument.base,
                argument.category == "A",
                use,
                use.person or bool(PERSON.search(argument.word)),
                means,
                candidates,
            )
            for argument, use, means, candidates in zip(routine.arguments, used, named, sets, strict=True)
        ]
        tables = self.looked_at(routine).union(*named)
        some = [row for row in rows if row["relation"] in tables] if rows is not None else self._rows_of(tables)
        return list(dict.fromkeys(stories(arguments, some, me, EVERYBODY)))

    def _named(self, opened: Opened, sets: Sequence[Sequence[str | None]]) -> list[Values] | None:
        """Return arguments that belong together where some are the names of tables and columns, None where none is."""
        routine = opened.routine
        if not routine.arguments or not EXECUTES.search(routine.source):
            return None
        text = unfolded(opened.text)
        its = named(text, routine.name, tuple(opened.names))
        if not its:
            return None
        # The tables that the body speaks of, else those of people first.
        said = _said(text, {row["relname"] for row in self.rows})
        places = {name: place for place, name in enumerate(self._names)}
        rows = [row for row in self.rows if not said or row["relname"] in said]
        rows.sort(key=lambda row: places.get(row["relname"], len(places)))
        return list(named_calls(its, rows, sets))

    def _candidates(self, routine: Routine, argument: Argument, me: str | None) -> list[str | None]:
        if argument.category == "A":
            inner = [v for v in self._single(routine, argument, me) if v is not None]
            return ["{" + ",".join(json.dumps(v) for v in inner) + "}"]
        return list(dict.fromkeys(self._single(routine, argument, me)))

    def _single(self, routine: Routine, argument: Argument, me: str | None) -> list[str | None]:
        kind = argument.base
        if argument.labels:
            return list(argument.labels[:4])
        if kind == "uuid":
            return self._ids(routine, argument, me)
        if kind in ("integer", "bigint", "smallint"):
            if re.search(r"limit|size|max|count|top|per_page|^n$", argument.word):
                return ["100"]
            if re.search(r"offset|skip|page|start", argument.word):
                return ["0"]
            return [*self._keys(routine, argument)[:6], "1"]
        fixed = {
            "boolean": ["true", "false"],
            "numeric": ["1"],
            "real": ["1"],
            "double precision": ["1"],
            "date": ["2000-01-01", "2100-01-01"],
            "interval": ["1 year"],
        }
        if kind in fixed:
            return list(fixed[kind])
        if kind.startswith("timestamp"):
            return ["2000-01-01", "2100-01-01"]
        if kind in ("json", "jsonb"):
            return ["{}", json.dumps(dict.fromkeys(("id", "user_id", "member_id", "profile_id"), VICTIMS[0]))]
        if argument.category == "S":
            return self._texts(routine, argument, me)
        # Of a type that nobody makes up values for there may be some in columns of that name.
        return list(self._stored.get((argument.name or "").lower(), (None,)))[:4] if kind == OTHER else [None]

    @cached_property
    def _stored(self) -> dict[str, dict[str, None]]:
        """The texts in rows that arguments are taken from, by the names of their columns."""
        found: dict[str, dict[str, None]] = {}
        for row in self.rows:
            for column, value in row["content"].items():
                if isinstance(value, str):
                    found.setdefault(column.lower(), {})[value] = None
        return found

    def _tables(self, routine: Routine, word: str) -> frozenset[str]:
        """Return the tables that the name of an argument means, else those that the function looks at."""
        return self._meant(word) or self.looked_at(routine)

    def _rows_of(self, tables: Iterable[str]) -> list[dict[str, Any]]:
        """Return the rows of some tables, in their order: there are many tables, and a function looks at few."""
        found = [placed for name in tables for placed in self._placed.get(name, ())]
        return [row for _, row in sorted(found, key=lambda placed: placed[0])]

    @cached_property
    def _placed(self) -> dict[str, list[tuple[int, dict[str, Any]]]]:
        """The rows that arguments are taken from, by relation, each with its place among all."""
        found: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        for place, row in enumerate(self.rows):
            found.setdefault(row["relation"], []).append((place, row))
        return found

    @cached_property
    def _of(self) -> dict[str, list[dict[str, Any]]]:
        """The rows that arguments can name, by relation."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.ids:
            found.setdefault(row["relation"], []).append(row)
        return found

    def _meant(self, word: str) -> frozenset[str]:
        """Return the tables that the name of an argument means."""
        if word not in self.known:
            tables = self._of.items() if word else ()
            self.known[word] = frozenset(name for name, rows in tables if _means(word, rows[0]["relname"]))
        return self.known[word]

    def looked_at(self, routine: Routine) -> frozenset[str]:
        """Return the tables that a function looks at, also through others."""
        if routine.oid not in self.known:
            looked = {f"{schema}.{name}" for schema, name in self.graph.looks_at(self.graph.reached(routine.oid))}
            self.known[routine.oid] = frozenset(name for name in self._of if name.replace('"', "") in looked)
        return self.known[routine.oid]

    def _keys(self, routine: Routine, argument: Argument) -> list[str | None]:
        tables = self._tables(routine, argument.word)
        rows = (self._of[name] for name in sorted(tables, key=self._places.__getitem__))
        keys = ([row["key"] for row in some if row["type"] == argument.base] for some in rows)
        # The first of each table come before the second of one.
        return [key for turn in zip_longest(*keys) for key in turn if key is not None]

    @cached_property
    def _places(self) -> dict[str, int]:
        """In which order the relations come."""
        return {name: place for place, name in enumerate(self._of)}

    def _ids(self, routine: Routine, argument: Argument, me: str | None) -> list[str | None]:
        people: list[str | None] = [*VICTIMS, *([me] if me else [])]
        keys = self._keys(routine, argument)
        if PERSON.search(argument.word):
            return people if argument.word else [*keys[:7], *people[:1]]
        return keys[:8] or people

    @cached_property
    def _names(self) -> list[str]:
        """The names of tables, those of people first."""
        people = {row["relname"] for row in self.ids if row["key"] in EVERYBODY}
        return sorted({row["relname"] for row in self.ids}, key=lambda name: (name not in people, name))

    def _texts(self, routine: Routine, argument: Argument, me: str | None) -> list[str | None]:
        word = argument.word
        if STATEMENT.search(word):
            return ["select to_jsonb(u.*)::text as answer from auth.users u", "", "%"]
        if re.search(r"table|relation", word):
            # The tables of people first, whose keys are the people's own ids.
            return list(self._names[:6])
        if re.search(r"where|filter|condition", word):
            return ["true", ""]
        if (argument.name or "").lower().endswith("id"):
            found = self._ids(routine, argument, me)
            return found or [VICTIMS[0]]
        if SECRETS.search(word):
            return ["made up"]
        known: list[str | None] = list(self.values.get(word, [])[:3])
        literals = re.findall(r"'([a-z_]{3,24})'", routine.source)
        anything: list[str | None] = ["%", ""] if re.search(r"search|term|name|^q$|pattern", word) else ["made up"]
        if EXECUTES.search(routine.source):
            anything.append(OUT_OF_QUOTES)
        return (known or list(literals[:3])) + anything


def in_turn(sets: Sequence[Sequence[str | None]]) -> Iterator[Values]:
    """Yield the first of each, then each of the others in the place of one first; then whatever else goes together."""
    if all(sets):
        first = tuple(values[0] for values in sets)
        yield first
        for turn in range(1, max(map(len, sets), default=0)):
            for place, values in enumerate(sets):
                if turn < len(values):
                    yield (*first[:place], values[turn], *first[place + 1 :])
        yield from product(*sets)


def _said(text: str, names: Collection[str]) -> set[str]:
    """Return those names that stand in a text, as words of it. It is read once, however many the names are."""
    words = set(re.findall(r"\w+", text))
    odd = (name for name in names if not re.fullmatch(r"\w+", name))
    return words.intersection(names) | {name for name in odd if re.search(rf"\b{re.escape(name)}\b", text)}


def _type_of(value: object) -> str:
    """Return the type of a column that holds a value, as far as it is seen in JSON."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "bigint"
    if isinstance(value, str):
        return "uuid" if UUID.fullmatch(value) else "timestamp" if re.match(r"\d{4}-\d\d-\d\d", value) else "text"
    return OTHER


def _means(word: str, table: str) -> bool:
    """Tell whether an argument called ``request`` may name a row of ``help_requests``."""
    one = re.sub(r"ies$", "y", table.lower())
    one = re.sub(r"(ss|sh|ch|x)es$|s$", lambda end: end[1] or "", one)
    return word in (one, table.lower()) or one.endswith(f"_{word}") or word.endswith(f"_{one}")


@contextmanager
def remembered(stage: Stage) -> Iterator[Cursor]:
    """Keep what is stored, and what of it is secret, in temporary tables, for as long as this lasts.

    Raises Unchecked when the server gave no answer.
    """
    known = stage.known
    settings = {"exposed": known["exposed"], "roles": known["api_roles"], "platform": known["platform_schemas"]}
    with prepared(stage, SETUP, settings) as cursor:
        # A table whose rows cannot be read says as little as one without any, and leaves the others to be judged.
        stage.unfilled = {**stage.unfilled, **_stored(cursor, stage)}
        yield cursor


def _stored(cursor: Cursor, stage: Stage) -> dict[str, str]:
    """Keep the rows of all tables, and say why those of some could not be read."""
    names = [name for (name,) in cursor.execute("select name from pg_temp.audited where not partition").fetchall()]

    def store(some: Sequence[str]) -> list[None]:
        cursor.execute("select pg_temp.store(%s, %s)", [EVERYBODY, list(some)])
        return []

    _, slow = together(cursor, names, store, short_ms(stage.known))
    with _patient(cursor):
        cursor.execute("select pg_temp.find_secrets()")
    unread = cursor.execute("select relation, code from pg_temp.unread").fetchall()
    late = dict.fromkeys(sorted(slow), "its rows cannot be read in time")
    return late | {name: f"its rows cannot be read ({code})" for name, code in unread}


@contextmanager
def _patient(cursor: Cursor) -> Iterator[None]:
    """Give a statement more time that reads nothing but what is kept, of however many tables."""
    ((usual,),) = cursor.execute("select pg_catalog.current_setting('statement_timeout')").fetchall()
    cursor.execute(f"set local statement_timeout = {PATIENT_MS}")
    yield
    # Not by this cursor, whose answer may not have been fetched yet.
    cursor.connection.execute("select pg_catalog.set_config('statement_timeout', %s, true)", [usual])


def planned(cursor: Cursor, stage: Stage) -> Plan:
    """Find the functions of the project, and with what they can be called."""
    known = stage.known
    with _by_name(cursor.connection) as named:
        routines = [
            Routine(**{**row, "arguments": [Argument(**argument) for argument in row["arguments"]]})
            for row in named.execute(FUNCTIONS, dict(known)).fetchall()
        ]
        plan = Plan(routines, calls_of(cursor.connection))
        if any(routine.arguments for routine in routines):
            plan.ids = named.execute(IDS, {"victims": list(VICTIMS)}).fetchall()
            plan.rows = named.execute(ROWS, {"victims": list(VICTIMS)}).fetchall()
            given = [argument for routine in routines for argument in routine.arguments]
            words = {argument.word for argument in given if argument.category == "S"}
            found = named.execute(VALUES, {"names": sorted(words - {""}), "victims": list(VICTIMS)}).fetchall()
            plan.values = {row["name"]: row["values"] for row in found}
    return plan


def own_rows(cursor: Cursor, people: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return rows in which people are named, by their ids."""
    found: dict[str, list[dict[str, Any]]] = {}
    with _by_name(cursor.connection) as named_:
        for row in named_.execute(OWN_ROWS, {"people": list(people)}).fetchall():
            found.setdefault(row["person"], []).append(row)
    return found


def without_codes(cursor: Cursor, plan: Plan) -> Plan:
    """Return a plan whose calls do not know what only those know whom it was given to: tokens, links, codes."""
    columns = cursor.execute(CODES).fetchall()
    # Where a table of codes has a column for them, its key is an id as others are.
    with_codes = {relation for relation, _, name, _, key in columns if not key and SECRETS.search(name)}
    codes = {
        (relation, name)
        for relation, table, name, default, key in columns
        if lets_in(table, name, default, key=key) and not (key and name == "id" and relation in with_codes)
    }
    # What is a code wherever a column is called so.
    secret = {name for _, name in codes} - {name for relation, _, name, *_ in columns if (relation, name) not in codes}
    by_code = {relation for relation, _, name, _, key in columns if key and (relation, name) in codes}

    def known(row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row["content"].items() if (row["relation"], name) not in codes}

    values = {name: found for name, found in plan.values.items() if name not in secret}
    return replace(
        plan,
        ids=[row for row in plan.ids if row["relation"] not in by_code],
        rows=[{**row, "content": known(row)} for row in plan.rows],
        values=values,
    )


def _by_name(connection: Connection) -> Any:  # noqa: ANN401 -- a cursor of dictionaries
    return connection.cursor(row_factory=dict_row)


@dataclass(frozen=True)
class Outcome:
    """What came of one call: the columns given away, with how many values, and what became of rows."""

    call: dict[str, Any]
    code: str | None = None
    message: str | None = None
    place: str | None = None
    leaks: Mapping[str, int] | None = None
    changes: Sequence[Mapping[str, Any]] | None = None
    broken: str | None = None


def api_path(stage: Stage, more: Sequence[str] = ()) -> str:
    """Return the search_path that the API sets, and ``more`` after it.

    Source: https://docs.postgrest.org/en/stable/references/configuration.html#db-extra-search-path
    """
    names = dict.fromkeys((*stage.known["exposed"], "extensions", *more))
    return ", ".join(sql.Identifier(name).as_string(None) for name in names)


def outcomes_of(
    stage: Stage,
    who: Identity,
    calls: list[dict[str, Any]],
    *,
    unjudged: set[str],
    looking: bool = True,
    owner: bool = False,
    path: Sequence[str] = (),
) -> list[Outcome]:
    """Make the calls as somebody (``owner``: with their claims, and a superuser's rights), and undo each.

    The search_path is the API's, and ``path`` after it. Not ``looking``: whether it works is what counts, and not what
    is given away or changed.

    When that takes too long, each function is called in a statement of its own with a shorter time; those that do not
    end, and those that nobody had the patience left to call, are added to ``unjudged``.
    """
    # Who never came to an end for one person is not called again for the next.
    if all(call["call"] in unjudged for call in calls):
        return []
    with acting(stage, who, api_path(stage, path)) as cursor:
        if looking:
            look(stage, cursor, who, unjudged)
        return _made(cursor, stage, calls, None if owner else who.role, unjudged, looking=looking)


def outcomes_apart(stage: Stage, who: Identity, calls: list[dict[str, Any]], *, unjudged: set[str]) -> list[Outcome]:
    """Make the calls as somebody who belongs to no group with anybody else, and owns nothing others have to do with.

    What a call then gives away or changes, it does for an outsider. All of it is undone.
    """
    with acting(stage, who, api_path(stage)) as cursor:
        look(stage, cursor, who, unjudged)
        part(cursor, who)
        return _made(cursor, stage, calls, who.role, unjudged, looking=True)


# How many calls somebody makes once more who is in no group with anybody else.
MOST_OF_MEMBERS = 5


@contextmanager
def outcomes_of_members(
    stage: Stage, who: Identity, plan: Plan, routines: Sequence[Routine], *, unjudged: set[str], offices: bool = False
) -> Iterator[list[Outcome]]:
    """Call functions as a member of groups of one's own and of no other, also with such a group beside rows of others.

    Who asks whether the caller belongs to the group that is given has not asked whose the row is. ``offices``: the
    member holds there what those functions ask for that name an office, and what counts is what becomes of rows of
    other groups. While this lasts, what they see directly is what such a member sees; then all of it is undone.
    """
    with acting(stage, who, api_path(stage)) as cursor:
        part(cursor, who)
        below: frozenset[str] = frozenset()
        if offices:
            routines, below = _holding(cursor, who, plan, routines)
            if not routines:
                yield []
                return
        look(stage, cursor, who, unjudged)
        own: dict[str, list[str]] = {}
        for table, column, group in cursor.execute("select * from pg_temp.own_groups(%s)", [who.id]).fetchall():
            for name in (table, _about(column)):
                own.setdefault(name, []).append(group)
        calls = [
            call
            for routine in routines
            if routine.arguments
            for call in (
                *plan.calls_of_a_member(routine, who.id, own),
                *islice(plan.calls(routine, who.id), MOST_OF_MEMBERS),
            )
        ]
        outcomes = _made(cursor, stage, calls, who.role, unjudged, looking=True) if calls else []
        yield [_of_tables(each, below) for each in outcomes] if offices else outcomes


def _holding(
    cursor: Cursor, who: Identity, plan: Plan, routines: Sequence[Routine]
) -> tuple[list[Routine], frozenset[str]]:
    """Let somebody hold what functions ask for; return those that ask for what is held, and the tables below it."""
    asked = {
        routine.oid: {word for source in plan.graph.reached(routine.oid) for word in WORDS.findall(source.plain)}
        for routine in routines
        if routine.arguments
    }
    words = sorted(set[str]().union(*asked.values()))
    with _patient(cursor):
        given = [who.id, EVERYBODY, words, OFFICES, VOCABULARIES, OVER]
        held = cursor.execute("select * from pg_temp.hold_offices(%s, %s, %s, %s, %s, %s)", given).fetchall()
        below = cursor.execute("select * from pg_temp.below(%s)", [[parent for parent, _ in held]]).fetchall()
    offices = {word for _, word in held}
    asking = [each for each in routines if asked.get(each.oid, set()) & offices]
    return asking, frozenset(name for (name,) in below)


def _of_tables(outcome: Outcome, tables: Collection[str]) -> Outcome:
    """Return of what came of a call what concerns some tables."""
    leaks = {place: n for place, n in (outcome.leaks or {}).items() if place.rpartition(".")[0] in tables}
    changes = [change for change in outcome.changes or () if change["table"] in tables]
    return replace(outcome, leaks=leaks or None, changes=changes or None)


def part(cursor: Cursor, who: Identity) -> None:
    """Put somebody into groups of their own, for as long as what is done lasts."""
    with _patient(cursor):
        cursor.execute("select pg_temp.part(%s, %s, %s)", [who.id, EVERYBODY, VOCABULARIES])


def _made(
    cursor: Cursor, stage: Stage, calls: list[dict[str, Any]], role: str | None, unjudged: set[str], *, looking: bool
) -> list[Outcome]:
    if any(call.get("all") for call in calls):
        _stir(cursor, unjudged, int(stage.known["statement_timeout_ms"]))
    # A table that does not answer is not asked a second time.
    by_name: dict[str, list[dict[str, Any]]] = {}
    for call in calls:
        if call["call"] not in unjudged:
            by_name.setdefault(call["call"], []).append(call)

    def act(names: Sequence[str]) -> list[Outcome]:
        some = [call for name in names for call in by_name[name]]
        given = [role, json.dumps(some), None if looking else BROKEN_TEXT, looking]
        return ask(
            cursor,
            lambda n, *rest: Outcome(some[n - 1], *rest),
            "select * from pg_temp.attempt(%s, %s, %s, %s)",
            given,
        )

    outcomes = each(cursor, [*by_name], act, unjudged, stage.known)
    if looking:
        asked = [call for some in by_name.values() for call in some]
        with _patient(cursor):
            cursor.execute("select * from pg_temp.without_rule(%s)", [json.dumps(asked)])
        outcomes += [Outcome(by_name[name][-1], leaks={place: hits}) for name, place, hits in cursor.fetchall()]
    return outcomes


STIRRING_MS = 1000
# How long it may take to compare what is kept, which no code of the project has a say in.
PATIENT_MS = 60_000


def _stir(cursor: Cursor, unjudged: set[str], usual_ms: int) -> None:
    """Let triggers fire, so that what they copy is there; those that take too long are not judged."""
    if "what triggers copy" in unjudged:
        return
    try:
        with cursor.connection.transaction():
            cursor.execute(f"set local statement_timeout = {STIRRING_MS}")
            cursor.execute("select pg_temp.stir(%s)", [list(VICTIMS)])
            cursor.execute(f"set local statement_timeout = {usual_ms}")
    except errors.QueryCanceled:
        unjudged.add("what triggers copy")


def look(stage: Stage, cursor: Cursor, who: Identity, unjudged: set[str]) -> None:
    """Find out what somebody reads directly. The tables that do not answer are added to ``unjudged``."""
    readable = [name for (name,) in cursor.execute(READABLE, {"caller": who.role}).fetchall()]

    def see(names: Sequence[str]) -> list[None]:
        cursor.execute("select pg_temp.see(%s, %s)", [who.role, list(names)])
        return []

    each(cursor, readable, see, unjudged, stage.known)
    with _patient(cursor):
        cursor.execute(
            "select pg_temp.look(%s, %s, %s, %s, %s, %s)",
            [
                who.id,
                list(VICTIMS),
                CONTACT,
                private_columns(stage.known),
                private_figures(stage.known),
                list(unjudged),
            ],
        )

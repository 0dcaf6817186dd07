"""Which function calls which, and which relations their bodies name: the one call graph, and the one reader of bodies.

Sources are read as tokens, so that comments and literals do not count: ``-- auth.uid()`` asks nobody anything. Literals
do count where a body executes text. What a name without a schema means depends on the search_path; where a function has
none of its own it may mean anything of that name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import psycopg
from psycopg.rows import dict_row

from audit.evidence import Unchecked
from audit.sql_text import STRING, Token, chains, tokens, without_comments

Name = tuple[str | None, str]
Judging = Callable[[dict[str, Any]], bool]

# What a function "p" of pg_proc says. A body in the standard's form has no text of its own; the server writes it, every
# name qualified.
BODY = """
case when p.prosrc = '' and p.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(p.oid) else p.prosrc end
""".strip()

# Everything that ``Calls`` has to know, one row each: functions and views with their source, and the names of all
# relations. What the server brings is known beforehand. "brought": by an extension.
SOURCES = f"""
select 'function' as kind, p.oid::bigint as oid, n.nspname::text as schema, p.proname::text as name,
       l.lanname::text as language, {BODY} as source, p.prosrc = '' as whole,
       (select pg_catalog.string_agg(pg_catalog.substr(setting, 13), '')
        from pg_catalog.unnest(p.proconfig) as setting where setting like 'search_path=%') as path,
       null::text[] as names,
       array(select coalesce(p.proargnames[m.place], '')
             from pg_catalog.unnest(coalesce(
                 p.proargmodes::pg_catalog.text[], pg_catalog.array_fill('i'::pg_catalog.text, array[p.pronargs::int]))
             ) with ordinality as m (mode, place)
             where m.mode in ('i', 'b', 'v') order by m.place) as arguments,
       p.oid::pg_catalog.regprocedure::text as signature,
       exists (
           select from pg_catalog.pg_depend d
           where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e') as brought
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where n.nspname !~ '^pg_|^information_schema$' and p.prokind in ('f', 'p') and l.lanname not in ('c', 'internal')
union all
select 'view', c.oid::bigint, n.nspname, c.relname, 'sql', pg_catalog.pg_get_viewdef(c.oid), false, '', null,
       '{{}}', '',
       exists (
           select from pg_catalog.pg_depend d
           where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v' and n.nspname !~ '^pg_|^information_schema$'
union all
select 'relations', 0, n.nspname, '', '', '', false, '', pg_catalog.array_agg(c.relname::text), '{{}}', '', false
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
group by n.nspname
"""

# The settings in which the API hands over claims, headers and cookies
# (https://docs.postgrest.org/en/stable/references/transactions.html). Other settings say nothing about a person.
CLAIMS = re.compile(r"(request\.(jwt|header|cookie)|role$)", re.IGNORECASE)
ANY_IDENTITY = re.compile(r"\bauth\s*\.\s*(uid|jwt|role|email)\b|request\.jwt", re.IGNORECASE)

# Schemas and names of functions that reach beyond the function itself although they are no relation.
EFFECTIVE_SCHEMAS = {"net", "cron", "vault", "pgmq", "pgmq_public", "pgsodium", "dblink"}
EFFECTIVE = re.compile(
    r"dblink|http(_|$)|lo_|nextval$|setval$|pg_(read|ls|stat)_|pg_(terminate|cancel)_backend$|pg_notify$"
    r"|(query|table|schema|database|cursor)_to_xml"
)

BEFORE_RELATIONS = {"from", "join", "into", "update", "using", "only", "table", "truncate", "view", "lock", "copy"}
NEVER_CALLED = {"into", "update", "only", "table", "truncate", "view", "lock", "copy"}
WRITES = {"insert", "update", "delete", "merge", "truncate", "copy"}
UTILITIES = {"alter", "call", "copy", "create", "drop", "grant", "lock", "notify", "refresh", "revoke", "truncate"}
DEPTH = 8
BEFORE_STATEMENTS = {"", ";", "begin", "then", "else", "loop"}

_EXECUTED = re.compile(r"\bexecute\b", re.IGNORECASE)
# A value that is looked at for no more than whether there is one.
_NO_MORE_THAN_NULL = r"(?!\s+is\s+(?:not\s+)?null\b)"

_BLANKS = re.compile(r"[ \t]{60,}")

PATH_ITEM = re.compile(r'"((?:[^"]|"")*)"|([^\s,"]+)')


@dataclass
class Mentions:
    """What one source text says: the functions that it calls, the relations that it names, and more of that kind.

    ``written`` are those of the relations that it inserts into, updates or deletes from.
    """

    calls: set[Name] = field(default_factory=set)
    relations: set[Name] = field(default_factory=set)
    written: set[Name] = field(default_factory=set)
    asks: bool = False
    effective: bool = False
    writes: bool = False

    def take(self, other: Mentions) -> None:
        """Add what a text inside this one says, such as a statement that is executed."""
        self.calls |= other.calls
        self.relations |= other.relations
        self.written |= other.written
        self.asks |= other.asks
        self.effective |= other.effective
        self.writes |= other.writes


@dataclass(frozen=True, eq=False)
class Source:
    """One function or view; ``path`` is its own search_path, None where it takes the caller's.

    ``text`` is the body, ``definition`` what the server keeps, which has a head where that is the standard's form.
    ``brought`` says that it is an extension's; ``arguments`` are the names of what a function takes, "" without one.
    """

    schema: str
    name: str
    language: str
    text: str
    path: tuple[str, ...] | None
    definition: str = ""
    brought: bool = False
    arguments: tuple[str, ...] = ()
    signature: str = ""

    @cached_property
    def overlooked(self) -> frozenset[int]:
        """The places, from 1, of the arguments that the body never looks at, but for whether they are NULL.

        None is known of a body that makes up statements, or is in another language.
        """
        if self.brought or self.language not in ("sql", "plpgsql") or _EXECUTED.search(self.text):
            return frozenset()
        text = without_comments(self.text)
        return frozenset(n for n, name in enumerate(self.arguments, 1) if not _looked_at(text, self.name, name, n))

    @cached_property
    def mentions(self) -> Mentions:
        """What the source says. Raises Unchecked where it cannot be read."""
        return read(self.text) if self.language in ("sql", "plpgsql") else _foreign(self.text)

    @cached_property
    def plain(self) -> str:
        """The definition without its comments, and without long blanks, at which patterns would toil."""
        return _BLANKS.sub(" ", without_comments(self.definition))


class Calls:
    """The functions and views of a database, and what each of them leads to: all that it calls or looks at.

    ``learn`` is the ``where`` of the question :data:`SOURCES`; it keeps no row.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[str, int], Source] = {}
        self.named: dict[str, list[Source]] = {}
        self.views: dict[str, list[Source]] = {}
        self.relations: dict[str, set[str]] = {}
        self.nearest: dict[Source, list[Source]] = {}
        self.found: dict[Source, frozenset[Source]] = {}

    def learn(self, row: Mapping[str, Any]) -> bool:
        """Take in one row of :data:`SOURCES`."""
        if row["kind"] == "relations":
            for name in row["names"]:
                self.relations.setdefault(name, set()).add(row["schema"])
            return False
        definition = row["source"] or ""
        text = _standard_body(definition) if row["whole"] else definition
        source = Source(
            row["schema"],
            row["name"],
            row["language"],
            text,
            _path(row["path"]),
            definition,
            row.get("brought", False),
            tuple(row.get("arguments") or ()),
            row.get("signature") or "",
        )
        self.known[row["kind"], row["oid"]] = source
        (self.views if row["kind"] == "view" else self.named).setdefault(source.name, []).append(source)
        return False

    @cached_property
    def taking(self) -> dict[tuple[str, str, int], Source]:
        """Functions that are given something, by schema, name and number of arguments."""
        found = [
            ((each.schema, each.name, len(each.arguments)), each)
            for those in self.named.values()
            for each in those
            if each.arguments
        ]
        # Of two with so many arguments nobody knows here which one is called.
        many = Counter(place for place, _ in found)
        return {place: each for place, each in found if many[place] == 1}

    def reached(self, oid: int, kind: str = "function") -> frozenset[Source]:
        """Return a function's (or view's) source and those of all the functions and views that it leads to."""
        own = self.known.get((kind, oid))
        return frozenset() if own is None else self._reached(own)

    def calls(self, kind: str, door: int, oid: int) -> bool:
        """Tell whether the function or view ``door`` calls the function ``oid``, directly or not."""
        return self.known.get(("function", oid)) in self.reached(door, kind)

    def looks_at(self, sources: Iterable[Source]) -> set[tuple[str, str]]:
        """Return the relations (schema and name) that these sources name."""
        return {
            (place, name)
            for source in sources
            for schema, name in source.mentions.relations
            for place in self.relations.get(name, ())
            if _means(schema, place, source)
        }

    def led_to(self, expressions: Iterable[str]) -> frozenset[Source]:
        """Return what expressions lead to, and these themselves, which have no name.

        They are as the server writes them under an empty search_path: every name that is not its own is qualified.
        """
        return frozenset[Source]().union(*(self._reached(Source("", "", "sql", text, ())) for text in expressions))

    def following(self, judging: Judging) -> Judging:
        """Return the ``where`` of a question about policies whose rows have their expressions in ``_rules``.

        ``judging`` is given, beside them, what these lead to, as ``_called``: of each function and view schema, name,
        language and definition, the latter without its comments.
        """

        def judged(row: dict[str, Any]) -> bool:
            led_to = [source for source in self.led_to(row["_rules"]) if source.name]
            called = sorted((each.schema, each.name, each.language, each.plain) for each in led_to)
            return judging({**row, "_called": called})

        return judged

    def _reached(self, own: Source) -> frozenset[Source]:
        if own not in self.found:
            self.found[own] = frozenset(self._search(own))
        return self.found[own]

    def _search(self, own: Source) -> Iterator[Source]:
        waiting = [own]
        seen: set[Source] = set()
        while waiting:
            source = waiting.pop()
            if source not in seen:
                seen.add(source)
                yield source
                if source not in self.nearest:
                    self.nearest[source] = list(self._mentioned(source))
                waiting += self.nearest[source]

    def _mentioned(self, source: Source) -> Iterator[Source]:
        for names, known in ((source.mentions.calls, self.named), (source.mentions.relations, self.views)):
            for schema, name in names:
                yield from (other for other in known.get(name, ()) if _means(schema, other.schema, source))


def learned(auditor: Callable[..., object], of: str) -> Calls:
    """Return the call graph of the auditor's database, asked for as part of a question about the population ``of``."""
    calls = Calls()
    auditor(SOURCES, of=of, where=calls.learn)
    return calls


def calls_of(connection: psycopg.Connection[Any]) -> Calls:
    """Return the call graph of a database of ours, under an empty search_path. Raises psycopg.Error."""
    calls = Calls()
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(SOURCES).fetchall():
            calls.learn(row)
    return calls


@lru_cache(maxsize=1024)
def read(text: str, depth: int = DEPTH) -> Mentions:
    """Read one source text in SQL or PL/pgSQL. Raises Unchecked when it cannot be read as such.

    ``depth`` is how many texts within texts are read: each of them is read again with the one around it.
    """
    found = list(tokens(text))
    if not all(token.closed for token in found):
        raise Unchecked("the source of a function could not be read, so it was not judged")
    body = Mentions()
    _read_names(found, body)
    body.writes = any(token.word in WRITES for token in found)
    _read_dynamic(found, body, depth)
    return body


def _read_names(found: Sequence[Token], body: Mentions) -> None:
    for chain in chains(found):
        names, before, after = chain.names, chain.before, chain.after
        if len(names) == 1 and names[0] in UTILITIES and before in BEFORE_STATEMENTS:
            body.effective = True
        if after == "(" and before not in NEVER_CALLED:
            _read_call(names, found[chain.behind + 1] if chain.behind + 1 < len(found) else None, body)
            continue
        if len(names) > 1 and after != "%":  # "public.profiles%rowtype" declares a variable
            name: Name = (names[0], names[1])
        elif len(names) == 1 and before in BEFORE_RELATIONS:
            name = (None, names[0])
        else:
            continue
        body.relations.add(name)
        if names != ("only",) and _writes_to([token.word for token in found[max(0, chain.first - 3) : chain.first]]):
            body.written.add(name)


def _writes_to(before: Sequence[str]) -> bool:
    words = [word for word in before if word != "only"]
    return words[-1:] == ["update"] or words[-2:] in (["insert", "into"], ["merge", "into"], ["delete", "from"])


def _read_call(names: Sequence[str], argument: Token | None, body: Mentions) -> None:
    schema, name = names[-2] if len(names) > 1 else None, names[-1]
    body.calls.add((schema, name))
    if name == "current_setting" and argument is not None and argument.kind is STRING:
        body.asks |= bool(CLAIMS.match(argument.value))
    body.effective |= schema in EFFECTIVE_SCHEMAS or bool(EFFECTIVE.match(name))


def _read_dynamic(found: Sequence[Token], body: Mentions, depth: int) -> None:
    """Read statements put together as text: where there is an EXECUTE, all literals but messages may be one."""
    statements: list[list[Token]] = [[]]
    for token in found:
        if token.text == ";":
            statements.append([])
        else:
            statements[-1].append(token)
    if not any(_executes(statement) for statement in statements):
        return
    body.effective = True
    for statement in statements:
        if "raise" not in {token.word for token in statement}:
            for token in statement:
                if token.kind is STRING:
                    body.take(mentioned(token.value, depth - 1))


def mentioned(text: str, depth: int = DEPTH) -> Mentions:
    """Read a piece of a statement; one that cannot be read by itself is only searched for the caller's identity."""
    try:
        if depth < 0:
            raise Unchecked("a function's source holds texts within texts, more than are read, so it was not judged")
        return read(text, depth)
    except Unchecked:
        return Mentions(asks=bool(ANY_IDENTITY.search(text)))


def _foreign(text: str) -> Mentions:
    """Look for names in a source in another language, in whose literals statements are; it may do anything."""
    mentions = Mentions(asks=bool(ANY_IDENTITY.search(text)), effective=True)
    _read_names(list(tokens(re.sub(r"[\"'`]", " ", text))), mentions)
    return mentions


def _executes(statement: Sequence[Token]) -> bool:
    words = [token.sign for token in statement]
    return any(
        word == "execute" and (at == 0 or words[at - 1] in BEFORE_STATEMENTS | {"query", "in", "for", "execute"})
        for at, word in enumerate(words)
    )


def _looked_at(text: str, function: str, argument: str, place: int) -> bool:
    """Tell whether a body looks at an argument: by its number or its name, by itself or after the function's own."""
    own = rf'(?:"?{re.escape(function)}"?\s*\.\s*)?'
    named = rf'(?<![\w$."]){own}"?{re.escape(argument)}"?(?![\w$]){_NO_MORE_THAN_NULL}' if argument else r"(?!)"
    return re.search(rf"\${place}(?!\d){_NO_MORE_THAN_NULL}|{named}", text, re.IGNORECASE) is not None


def _path(setting: str | None) -> tuple[str, ...] | None:
    """Split a search_path setting into schemas; None where there is none."""
    if setting is None:
        return None
    return tuple(quoted.replace('""', '"') or bare.lower() for quoted, bare in PATH_ITEM.findall(setting))


def on_path(schema: str, path: tuple[str, ...] | None) -> bool:
    """Tell whether an unqualified name may mean something in ``schema``; nobody's own path leads to auth."""
    return schema != "auth" if path is None else schema in path


def _means(schema: str | None, place: str, source: Source) -> bool:
    """Tell whether a name with this schema (None: without one) may be of something in ``place``."""
    return schema == place or (schema is None and on_path(place, source.path))


def _standard_body(definition: str) -> str:
    """Cut a definition to its body: what stands before may name auth.uid() as an argument's default."""
    found = re.search(r"^[ \t]*(BEGIN ATOMIC|RETURN )", definition, re.MULTILINE)
    return definition[found.start() :] if found else ""

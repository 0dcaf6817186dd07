"""What functions do, as far as their source tells: whether they ask who is calling, and whether they touch anything.

Sources are read as tokens, so that comments and literals do not count: ``-- auth.uid()`` asks nobody anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from audit.evidence import Unchecked
from audit.sql_text import STRING, Token, chains, tokens

Name = tuple[str | None, str]

# Everything that ``Functions`` has to know, one row each: functions and views with their source, and the names of all
# relations. What the server brings is known beforehand, what extensions bring is written in other languages.
SOURCES = """
select 'function' as kind, p.oid::bigint as oid, n.nspname::text as schema, p.proname::text as name,
       l.lanname::text as language,
       -- A body in the standard's form has no text of its own; the server writes it, every name qualified.
       case when l.lanname = 'sql' and p.prosrc = '' then pg_catalog.pg_get_functiondef(p.oid)
       else p.prosrc end as source,
       p.prosrc = '' as whole,
       (select pg_catalog.string_agg(pg_catalog.substr(setting, 13), '')
        from pg_catalog.unnest(p.proconfig) as setting where setting like 'search_path=%') as path,
       null::text[] as names
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where n.nspname !~ '^pg_|^information_schema$' and p.prokind in ('f', 'p') and l.lanname not in ('c', 'internal')
and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select 'view', c.oid::bigint, n.nspname, c.relname, 'sql', pg_catalog.pg_get_viewdef(c.oid), false, '', null
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v' and n.nspname !~ '^pg_|^information_schema$'
and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
union all
select 'relations', 0, n.nspname, '', '', '', false, '', pg_catalog.array_agg(c.relname::text)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
group by n.nspname
"""

# Supabase's functions about the caller (https://supabase.com/docs/guides/database/postgres/row-level-security), and the
# settings in which the API hands over claims, headers and cookies
# (https://docs.postgrest.org/en/stable/references/transactions.html). Other settings say nothing about a person.
IDENTITY = {("auth", "uid"), ("auth", "jwt"), ("auth", "role"), ("auth", "email")}
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
BEFORE_STATEMENTS = {"", ";", "begin", "then", "else", "loop"}

PATH_ITEM = re.compile(r'"((?:[^"]|"")*)"|([^\s,"]+)')


@dataclass
class Body:
    """What one source text says: the functions that it calls, the relations that it names, and more of that kind."""

    calls: set[Name] = field(default_factory=set)
    relations: set[Name] = field(default_factory=set)
    asks: bool = False
    effective: bool = False
    writes: bool = False

    def take(self, other: Body) -> None:
        """Add what a text inside this one says, such as a statement that is executed."""
        self.calls |= other.calls
        self.relations |= other.relations
        self.asks |= other.asks
        self.effective |= other.effective
        self.writes |= other.writes


@dataclass(frozen=True, eq=False)
class Source:
    """One function or view; ``path`` is its own search_path, None where it takes the caller's."""

    schema: str
    name: str
    language: str
    text: str
    path: tuple[str, ...] | None

    @cached_property
    def body(self) -> Body:
        """What the source says. Languages other than SQL and PL/pgSQL are only searched for the caller's identity."""
        if self.language not in ("sql", "plpgsql"):
            return Body(asks=bool(ANY_IDENTITY.search(self.text)), effective=True)
        return read(self.text)


class Functions:
    """The functions and views of a database, and what each of them does, all that it calls included.

    ``learn`` is the ``where`` of the question :data:`SOURCES`; it keeps no row.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[str, int], Source] = {}
        self.named: dict[str, list[Source]] = {}
        self.views: dict[str, list[Source]] = {}
        self.relations: dict[str, set[str]] = {}
        self.nearest: dict[Source, list[Source]] = {}
        self.found: dict[tuple[str, int], frozenset[Source]] = {}

    def learn(self, row: Mapping[str, Any]) -> bool:
        """Take in one row of :data:`SOURCES`."""
        if row["kind"] == "relations":
            for name in row["names"]:
                self.relations.setdefault(name, set()).add(row["schema"])
            return False
        text = _standard_body(row["source"]) if row["whole"] else row["source"]
        source = Source(row["schema"], row["name"], row["language"], text or "", _path(row["path"]))
        self.known[row["kind"], row["oid"]] = source
        (self.views if row["kind"] == "view" else self.named).setdefault(source.name, []).append(source)
        return False

    def asks_who_calls(self, oid: int, kind: str = "function") -> bool:
        """Tell whether a function (or view), or what it calls or looks at, reads who is calling."""
        own = self.known.get((kind, oid))
        return (own is not None and self._asks(own)) or any(map(self._asks, self._reached(kind, oid)))

    def touches(self, oid: int, public: Collection[str] = ()) -> bool:
        """Tell whether a function, or what it calls, can read or change anything at all.

        Reading ``public`` relations ("schema.name") does not count. What is not known here counts.
        """
        if ("function", oid) not in self.known:
            return True
        return any(self._touches(source, public) for source in self._reached("function", oid))

    def calls(self, kind: str, door: int, oid: int) -> bool:
        """Tell whether the function or view ``door`` calls the function ``oid``, directly or not."""
        called = self.known.get(("function", oid))
        return called in self._reached(kind, door)

    def reached(self, oid: int) -> frozenset[Source]:
        """Return a function's source and those of all the functions and views that it calls or looks at."""
        return self._reached("function", oid)

    def looks_at(self, oid: int) -> set[str]:
        """Return the relations ("schema.name") that a function, or what it calls, names."""
        return {
            f"{schema}.{name}"
            for source in self._reached("function", oid)
            for schema, name in self._resolved(source.body.relations, source, self.relations)
        }

    def _touches(self, source: Source, public: Collection[str]) -> bool:
        body = source.body
        found = {f"{schema}.{name}" for schema, name in self._resolved(body.relations, source, self.relations)}
        return body.effective or bool(found if body.writes else found - set(public))

    def _asks(self, source: Source) -> bool:
        return source.body.asks or any(
            (schema or "auth", name) in IDENTITY and (schema is not None or _on_path("auth", source.path))
            for schema, name in source.body.calls
        )

    def _resolved(self, names: set[Name], source: Source, known: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
        for schema, name in names:
            for place in known.get(name, ()):
                if schema == place or (schema is None and _on_path(place, source.path)):
                    yield place, name

    def _reached(self, kind: str, oid: int) -> frozenset[Source]:
        if (kind, oid) not in self.found:
            self.found[kind, oid] = frozenset(self._search(kind, oid))
        return self.found[kind, oid]

    def _search(self, kind: str, oid: int) -> Iterator[Source]:
        waiting = [self.known[kind, oid]] if (kind, oid) in self.known else []
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
        for names, known in ((source.body.calls, self.named), (source.body.relations, self.views)):
            for schema, name in names:
                for other in known.get(name, ()):
                    if schema == other.schema or (schema is None and _on_path(other.schema, source.path)):
                        yield other


def read(text: str) -> Body:
    """Read one source text in SQL or PL/pgSQL. Raises Unchecked when it cannot be read as such."""
    found = list(tokens(text))
    if not all(token.closed for token in found):
        raise Unchecked("the source of a function could not be read, so it was not judged")
    body = Body()
    _read_names(found, body)
    body.writes = any(token.word in WRITES for token in found)
    _read_dynamic(found, body)
    return body


def _read_names(found: Sequence[Token], body: Body) -> None:
    for chain in chains(found):
        names, before, after = chain.names, chain.before, chain.after
        if len(names) == 1 and names[0] in UTILITIES and before in BEFORE_STATEMENTS:
            body.effective = True
        if after == "(" and before not in NEVER_CALLED:
            _read_call(names, found[chain.behind + 1] if chain.behind + 1 < len(found) else None, body)
        elif len(names) > 1 and after != "%":  # "public.profiles%rowtype" declares a variable
            body.relations.add((names[0], names[1]))
        elif len(names) == 1 and before in BEFORE_RELATIONS:
            body.relations.add((None, names[0]))


def _read_call(names: Sequence[str], argument: Token | None, body: Body) -> None:
    schema, name = names[-2] if len(names) > 1 else None, names[-1]
    body.calls.add((schema, name))
    if name == "current_setting" and argument is not None and argument.kind is STRING:
        body.asks |= bool(CLAIMS.match(argument.value))
    body.effective |= schema in EFFECTIVE_SCHEMAS or bool(EFFECTIVE.match(name))


def _read_dynamic(found: Sequence[Token], body: Body) -> None:
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
                    body.take(_fragment(token.value))


def _fragment(text: str) -> Body:
    """Read a piece of a statement; one that cannot be read by itself is only searched for the caller's identity."""
    try:
        return read(text)
    except Unchecked:
        return Body(asks=bool(ANY_IDENTITY.search(text)))


def _executes(statement: Sequence[Token]) -> bool:
    words = [token.sign for token in statement]
    return any(
        word == "execute" and (at == 0 or words[at - 1] in BEFORE_STATEMENTS | {"query", "in", "for", "execute"})
        for at, word in enumerate(words)
    )


def _path(setting: str | None) -> tuple[str, ...] | None:
    """Split a search_path setting into schemas; None where there is none."""
    if setting is None:
        return None
    return tuple(quoted.replace('""', '"') or bare.lower() for quoted, bare in PATH_ITEM.findall(setting))


def _on_path(schema: str, path: tuple[str, ...] | None) -> bool:
    """Tell whether an unqualified name may mean something in ``schema``; nobody's own path leads to auth."""
    return schema != "auth" if path is None else schema in path


def _standard_body(definition: str) -> str:
    """Cut a definition to its body: what stands before may name auth.uid() as an argument's default."""
    found = re.search(r"^\s*(BEGIN ATOMIC|RETURN )", definition, re.MULTILINE)
    return definition[found.start() :] if found else ""

"""What a database has that a runbook may speak of: relations with columns, words and keys, and all other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from audit.question import Cursor

# Where people who follow a runbook look: the path of Supabase's SQL editor and of its role postgres.
# https://supabase.com/docs/guides/database/extensions
SEARCH_PATH = ("public", "extensions")
# Always searched, first. https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-CATALOG
CATALOGUE = "pg_catalog"


@dataclass(frozen=True)
class Column:
    """A column: its type as SQL writes it, whether it is NOT NULL, and the words that the database allows, if it says.

    ``ordered``: its type is an enumeration, which sorts by its declaration.
    """

    type: str
    required: bool
    words: tuple[str, ...] = ()
    ordered: bool = False


@dataclass(frozen=True)
class Relation:
    """A table, view or index. ``keys`` are the columns of its unique keys; ``protected``: row level security is on."""

    schema: str
    name: str
    kind: str
    protected: bool = False
    columns: Mapping[str, Column] = field(default_factory=dict)
    keys: tuple[frozenset[str], ...] = ()

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def is_table(self) -> bool:
        """Whether it holds rows of its own."""
        return self.kind in ("r", "p")


@dataclass(frozen=True)
class Database:
    """All of it. Names that are no relations are kept by kind: trigger, policy, role, schema, ...

    ``callers`` are the project's functions that ask who is calling.
    """

    relations: Mapping[tuple[str, str], Relation]
    names: Mapping[str, frozenset[str]]
    functions: frozenset[tuple[str, str]]
    callers: frozenset[tuple[str, str]]
    version: int

    def relation(self, schema: str, name: str) -> Relation | None:
        """Return the relation that a name stands for: with its schema, or "" for where people look."""
        for each in (schema,) if schema else (CATALOGUE, *SEARCH_PATH):
            if found := self.relations.get((each, name)):
                return found
        return None

    def function(self, schema: str, name: str) -> bool:
        """Tell whether there is a function of this name."""
        return any((each, name) in self.functions for each in ((schema,) if schema else (CATALOGUE, *SEARCH_PATH)))

    def has(self, kind: str, name: str) -> bool:
        """Tell whether there is anything of a kind by this name, in whatever schema."""
        if kind in ("table", "view", "index", "sequence", "relation"):
            return name in self._relation_names
        if kind == "function":
            return name in self._function_names
        if kind == "column":
            return name in self._column_names
        return name in self.names.get(kind, frozenset())

    @cached_property
    def _relation_names(self) -> frozenset[str]:
        return frozenset(name for _, name in self.relations)

    @cached_property
    def _function_names(self) -> frozenset[str]:
        return frozenset(name for _, name in self.functions)

    @cached_property
    def _column_names(self) -> frozenset[str]:
        return frozenset(name for each in self.relations.values() for name in each.columns)

    @cached_property
    def own_functions(self) -> frozenset[str]:
        """The names of functions that are not PostgreSQL's own."""
        return frozenset(name for schema, name in self.functions if schema not in (CATALOGUE, "information_schema"))


_RELATIONS = r"""
select n.nspname::text, c.relname::text, c.relkind::text, c.relrowsecurity,
       coalesce((select array_agg(array[a.attname::text, pg_catalog.format_type(a.atttypid, null), a.attnotnull::text]
                                  order by a.attnum)
                 from pg_catalog.pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                 and c.relkind in ('r', 'p', 'v', 'm', 'f')), '{}') as columns
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_(toast|temp)' and c.relkind in ('r', 'p', 'v', 'm', 'f', 'i', 'I', 'S')
"""

_KEYS = """
select n.nspname::text, c.relname::text,
       array(select a.attname::text from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum = any (x.indkey::smallint[]))
from pg_catalog.pg_index x
join pg_catalog.pg_class c on c.oid = x.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where x.indisunique and x.indpred is null and x.indexprs is null and n.nspname <> 'pg_toast'
"""

# The words of a column: those of its enumeration, or of a check that names words and does nothing else with it.
_WORDS = r"""
with columns as (
    select n.nspname::text as schema, c.relname::text as relation, a.attname::text as name, a.attrelid, a.attnum,
           coalesce(nullif(t.typbasetype, 0), t.oid) as type, t.oid as domain
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attnum > 0 and not a.attisdropped and n.nspname !~ '^pg_|^information_schema$'
)
select c.schema, c.relation, c.name, true, array_agg(e.enumlabel::text order by e.enumsortorder)
from columns c join pg_catalog.pg_enum e on e.enumtypid = c.type
group by 1, 2, 3
union all
select c.schema, c.relation, c.name, false, words
from columns c
join pg_catalog.pg_constraint o on o.contype = 'c' and (
    (o.conrelid = c.attrelid and o.conkey operator(pg_catalog.=) array[c.attnum]) or o.contypid = c.domain)
cross join lateral pg_catalog.pg_get_expr(o.conbin, o.conrelid) as expression
cross join lateral regexp_replace(expression, '''(?:[^'']|'''')*''', '''''', 'g') as bare
cross join lateral (
    select array_agg(replace(m[1], '''''', '''')) as words
    from regexp_matches(expression, '''((?:[^'']|'''')*)''', 'g') as m
) as found
where bare ~ '= (ANY \(+ARRAY\[)?''' and bare !~ '[<>~]|\m(AND|NOT|ALL)\M' and words is not null
"""

_NAMES = """
select 'trigger', t.tgname::text from pg_catalog.pg_trigger t where not t.tgisinternal
union select 'policy', p.polname::text from pg_catalog.pg_policy p
union select 'role', r.rolname::text from pg_catalog.pg_roles r
union select 'schema', n.nspname::text from pg_catalog.pg_namespace n
union select 'extension', e.extname::text from pg_catalog.pg_extension e
union select 'available extension', e.name::text from pg_catalog.pg_available_extensions e
union select 'publication', p.pubname::text from pg_catalog.pg_publication p
union select 'constraint', c.conname::text from pg_catalog.pg_constraint c
union select 'type', t.typname::text from pg_catalog.pg_type t
union select 'setting', s.name::text from pg_catalog.pg_settings s
"""

_FUNCTIONS = """
select distinct n.nspname::text, p.proname::text
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
"""


# https://supabase.com/docs/guides/database/postgres/row-level-security#helper-functions
_CALLERS = r"""
select distinct n.nspname::text, p.proname::text
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname in ('sql', 'plpgsql')
where n.nspname not in ('pg_catalog', 'information_schema', 'auth') and p.prokind in ('f', 'p')
and case when p.prosrc = '' then pg_catalog.pg_get_functiondef(p.oid) else p.prosrc end
    ~ 'auth\.(uid|jwt|role|email)\(\)|request\.jwt'
"""


def database(cursor: Cursor) -> Database:
    """Read it from the catalogue, which everybody may read. Raises psycopg.Error."""
    keys: dict[tuple[str, str], list[frozenset[str]]] = {}
    for schema, name, columns in cursor.execute(_KEYS).fetchall():
        keys.setdefault((schema, name), []).append(frozenset(columns))
    words: dict[tuple[str, str, str], tuple[bool, tuple[str, ...]]] = {}
    for schema, name, column, ordered, found in cursor.execute(_WORDS).fetchall():
        words.setdefault((schema, name, column), (ordered, tuple(found)))
    relations = {
        (schema, name): Relation(
            schema, name, kind, protected, _columns(schema, name, columns, words), tuple(keys.get((schema, name), ()))
        )
        for schema, name, kind, protected, columns in cursor.execute(_RELATIONS).fetchall()
    }
    names: dict[str, set[str]] = {}
    for kind, name in cursor.execute(_NAMES).fetchall():
        names.setdefault(kind, set()).add(name)
    functions = frozenset((schema, name) for schema, name in cursor.execute(_FUNCTIONS).fetchall())
    return Database(
        relations,
        {kind: frozenset(each) for kind, each in names.items()},
        functions,
        frozenset((schema, name) for schema, name in cursor.execute(_CALLERS).fetchall()),
        cursor.connection.info.server_version,
    )


def _columns(
    schema: str,
    name: str,
    columns: Sequence[Sequence[str]],
    words: Mapping[tuple[str, str, str], tuple[bool, tuple[str, ...]]],
) -> dict[str, Column]:
    found = {}
    for column, type_, required in columns:
        ordered, known = words.get((schema, name, column), (False, ()))
        found[column] = Column(type_, required == "true", known, ordered)
    return found

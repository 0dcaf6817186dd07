"""The project's own tables as the catalogue describes them: read in a few questions, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from audit.settings import PLATFORM_SCHEMAS


@dataclass(frozen=True)
class Type:
    """A type; ``kind`` and ``category`` as in ``pg_type``, ``base`` of a domain, ``element`` of an array or range.

    ``written`` is its name in SQL.
    """

    oid: int
    name: str
    kind: str
    category: str
    base: int
    modifier: int
    required: bool
    element: int
    labels: list[str]
    checks: list[list[str]]
    fields: list[int]
    written: str


@dataclass(frozen=True)
class Column:
    """A column; ``sequence`` is what numbers it (None: nothing)."""

    table: int
    name: str
    type: int
    modifier: int
    required: bool
    default: str | None
    identity: str
    generated: bool
    sequence: str | None


@dataclass(frozen=True)
class Check:
    """A condition on ``columns``; of a domain it speaks of VALUE and has one column."""

    name: str
    expression: str
    columns: tuple[str, ...]
    of_domain: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; ``parent`` is the table that it refers to, ``place`` its quoted name, ``title`` its plain one."""

    table: int
    name: str
    columns: list[str]
    parent: int
    place: str
    title: str
    parent_columns: list[str]


@dataclass
class Table:
    """A table with all that its rows must respect."""

    oid: int
    schema: str
    name: str
    partitions: list[str | None]
    partition_columns: list[str]
    is_partitioned: bool
    stubborn: bool
    columns: dict[str, Column] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    primary_key: tuple[str, ...] = ()
    unique_keys: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Schema and name as in the community's list of tables, unquoted."""
        return f"{self.schema}.{self.name}"

    @cached_property
    def identifier(self) -> sql.Identifier:
        """The name, quoted."""
        return sql.Identifier(self.schema, self.name)


# The tables of the platform that people and files are in.
PLATFORM_TABLES = ("auth.users", "storage.buckets", "storage.objects")

# The tables that projects make. Partitions are filled through their parents, extensions' tables are the extensions'.
# Sources: https://www.postgresql.org/docs/current/catalog-pg-class.html
#          https://www.postgresql.org/docs/current/functions-info.html (partitioning information)
_TABLES = """
select c.oid::bigint as oid, n.nspname::text as schema, c.relname::text as name,
       c.relkind = 'p' as is_partitioned,
       case when c.relkind = 'p' then array(
           select pg_catalog.pg_get_partition_constraintdef(p.relid) from pg_catalog.pg_partition_tree(c.oid) p
           where p.isleaf and p.relid <> c.oid)
       else '{}' end as partitions,
       case when c.relkind = 'p' then array(
           select distinct a.attname::text
             from pg_catalog.pg_partition_tree(c.oid) p
             join pg_catalog.pg_partitioned_table t on t.partrelid = p.relid
             join pg_catalog.pg_attribute a on a.attrelid = t.partrelid and a.attnum = any (t.partattrs::int2[]))
       else '{}' end as partition_columns,
       exists (select from pg_catalog.pg_trigger t
               where t.tgrelid = c.oid and t.tgenabled in ('A', 'R') and not t.tgisinternal) as stubborn
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
  and (n.nspname <> all (%(platform)s) or n.nspname || '.' || c.relname = any (%(ours)s))
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  and d.objid = c.oid and d.deptype = 'e')
order by n.nspname, c.relname
"""

_COLUMNS = """
select a.attrelid::bigint as table, a.attname::text as name, a.atttypid::bigint as type, a.atttypmod as modifier,
       a.attnotnull as required, coalesce(pg_catalog.pg_get_expr(f.adbin, f.adrelid), d.typdefault) as default,
       a.attidentity::text as identity, a.attgenerated <> '' as generated,
       case when a.attidentity <> '' or pg_catalog.pg_get_expr(f.adbin, f.adrelid) like 'nextval(%%' then
           -- Its own, or one that belongs to nobody and that its default draws from.
           coalesce(pg_catalog.pg_get_serial_sequence(a.attrelid::pg_catalog.regclass::text, a.attname), (
               select min(pg_catalog.format('%%I.%%I', n.nspname, s.relname))
               from pg_catalog.pg_depend u
               join pg_catalog.pg_class s on s.oid = u.refobjid and s.relkind = 'S'
               join pg_catalog.pg_namespace n on n.oid = s.relnamespace
               where u.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and u.objid = f.oid
               and u.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)) end as sequence
from pg_catalog.pg_attribute a
join pg_catalog.pg_type d on d.oid = a.atttypid
left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
where a.attrelid = any (%(tables)s::bigint[]::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
"""

_CONSTRAINTS = """
select c.conrelid::bigint as table, c.conname::text as name, c.contype::text as kind,
       pg_catalog.pg_get_expr(c.conbin, c.conrelid) as expression,
       pg_catalog.pg_get_constraintdef(c.oid) like '%%NOT ENFORCED' as idle,
       array(select a.attname::text from pg_catalog.unnest(c.conkey) with ordinality k (num, pos)
               join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num
              order by k.pos) as columns,
       c.confrelid::bigint as parent,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(r.relname) as place,
       n.nspname || '.' || r.relname as title,
       array(select a.attname::text from pg_catalog.unnest(c.confkey) with ordinality k (num, pos)
               join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.num order by k.pos
       ) as parent_columns
from pg_catalog.pg_constraint c
left join pg_catalog.pg_class r on r.oid = c.confrelid
left join pg_catalog.pg_namespace n on n.oid = r.relnamespace
where c.conrelid = any (%(tables)s::bigint[]::oid[]) and c.contype in ('c', 'f')
order by c.conrelid, c.conname
"""

_UNIQUE_KEYS = """
select i.indrelid::bigint as table, i.indisprimary as is_primary,
       array(select a.attname::text from pg_catalog.unnest(i.indkey::int2[]) with ordinality k (num, pos)
               join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num
              where k.pos <= i.indnkeyatts order by k.pos) as columns
from pg_catalog.pg_index i
where i.indrelid = any (%(tables)s::bigint[]::oid[]) and i.indisunique and i.indpred is null and i.indexprs is null
order by i.indrelid, i.indexrelid
"""

# Rows of tables are types too; only those made with CREATE TYPE are of interest.
_TYPES = """
select t.oid::bigint as oid, t.typname::text as name, t.typtype::text as kind, t.typcategory::text as category,
       t.typbasetype::bigint as base, t.typtypmod as modifier, t.typnotnull as required,
       coalesce(r.rngsubtype, m.rngtypid, case when t.typcategory = 'A' then t.typelem else 0 end)::bigint as element,
       array(select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder)
           as labels,
       array(select array[c.conname::text, pg_catalog.pg_get_expr(c.conbin, 0)]
               from pg_catalog.pg_constraint c where c.contypid = t.oid and c.contype = 'c'
              order by c.conname) as checks,
       array(select a.atttypid::bigint from pg_catalog.pg_attribute a
              where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
              order by a.attnum) as fields,
       pg_catalog.format('%I.%I', n.nspname, t.typname) as written
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_range r on r.rngtypid = t.oid
left join pg_catalog.pg_range m on m.rngmultitypid = t.oid
where t.typtype <> 'p' and (t.typtype <> 'c' or exists (
    select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
"""


@dataclass(frozen=True)
class Catalogue:
    """All tables of the project by oid, and all types by oid.

    ``platform`` are the platform's tables that get rows too, by title.
    """

    tables: Mapping[int, Table]
    platform: Mapping[str, Table]
    types: Mapping[int, Type]

    def plain(self, type_: int, modifier: int) -> tuple[Type, int]:
        """Return the type below all domains and its modifier (-1: none)."""
        found = self.types[type_]
        while found.kind == "d":
            modifier = found.modifier if modifier < 0 else modifier
            found = self.types[found.base]
        return found, modifier

    def domains(self, type_: int) -> Iterator[Type]:
        """Return the domain that a type is and those that it is made of."""
        found = self.types.get(type_)
        while found is not None and found.kind == "d":
            yield found
            found = self.types.get(found.base)


def read(conn: psycopg.Connection[Any]) -> Catalogue:
    """Read the catalogue, in six questions. Raises psycopg.Error when it cannot be read."""
    with conn.cursor(row_factory=class_row(Table)) as tables:
        names = {"platform": list(PLATFORM_SCHEMAS), "ours": list(PLATFORM_TABLES)}
        found = {t.oid: t for t in tables.execute(_TABLES, names).fetchall()}
    parameters = {"tables": list(found)}
    of_project = {oid: table for oid, table in found.items() if table.schema not in PLATFORM_SCHEMAS}
    of_platform = {table.title: table for oid, table in found.items() if oid not in of_project}
    with conn.cursor(row_factory=class_row(Type)) as types:
        catalogue = Catalogue(of_project, of_platform, {t.oid: t for t in types.execute(_TYPES).fetchall()})
    with conn.cursor(row_factory=class_row(Column)) as columns:
        for column in columns.execute(_COLUMNS, parameters):
            found[column.table].columns[column.name] = column
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_CONSTRAINTS, parameters):
            _add_constraint(found[row.pop("table")], row)
        for row in cursor.execute(_UNIQUE_KEYS, parameters):
            table, key = found[row["table"]], tuple(row["columns"])
            table.unique_keys.append(key)
            if row["is_primary"]:
                table.primary_key = key
    for table in found.values():
        _add_implied_checks(catalogue, table)
    return catalogue


def _add_constraint(table: Table, row: dict[str, Any]) -> None:
    kind, expression, idle = row.pop("kind"), row.pop("expression"), row.pop("idle")
    if idle:
        return
    if kind == "f":
        table.foreign_keys.append(ForeignKey(table.oid, **row))
    else:
        table.checks.append(Check(row["name"], expression, tuple(row["columns"])))


def _add_implied_checks(catalogue: Catalogue, table: Table) -> None:
    """Add what domains and partitions demand as if the table demanded it."""
    for column in table.columns.values():
        for domain in catalogue.domains(column.type):
            for name, expression in domain.checks:
                table.checks.append(Check(name, expression, (column.name,), of_domain=True))
    bounds = [bound for bound in table.partitions if bound]
    if bounds and len(bounds) == len(table.partitions) and table.partition_columns:
        either = " or ".join(f"({bound})" for bound in bounds)
        table.checks.append(Check("of the partitions", either, tuple(table.partition_columns)))

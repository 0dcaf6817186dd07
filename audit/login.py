"""The audit's login on a live database: what it could do beyond reading, and which rights it lacks for a question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from audit.evidence import safe
from audit.question import Cursor, relations

# Stands for all columns of a relation.
EVERYTHING = "*"

_FUNCTION = re.compile(r"\b([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\s*\(")
_RELATION = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")


# Whoever may become another role, by whatever way, could do all that that role may. Reading is no excess, nor is what
# everybody may do: make temporary tables.
# https://www.postgresql.org/docs/current/predefined-roles.html
_EXCESS = """
with reachable as (
    select r.* from pg_catalog.pg_roles r
    where pg_catalog.pg_has_role(current_user, r.oid, 'member') and not r.rolsuper
), relations as (
    select c.oid, c.oid::pg_catalog.regclass::text as name, c.relkind, c.relowner
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't'
    and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
), owned as (
    select name from relations where relowner in (select oid from reachable)
), writable as (
    select name from relations w
    where relowner not in (select oid from reachable) and exists (
        select from reachable r where case
        when w.relkind = 'S' then pg_catalog.has_sequence_privilege(r.oid, w.oid, 'update')
        else pg_catalog.has_table_privilege(r.oid, w.oid, 'insert, update, delete, truncate, trigger')
             or pg_catalog.has_any_column_privilege(r.oid, w.oid, 'insert, update') end)
), found (place, sentence) as (
    select 1, 'it can become the superuser ' || pg_catalog.quote_ident(r.rolname)
    from pg_catalog.pg_roles r where r.rolsuper and pg_catalog.pg_has_role(current_user, r.oid, 'member')
    union all
    select 2, pg_catalog.format('it could %s%s', attribute.words,
              case when r.rolname <> current_user then ' as ' || pg_catalog.quote_ident(r.rolname) else '' end)
    from reachable r cross join lateral (values
        (r.rolcreaterole, 'create and change roles'), (r.rolcreatedb, 'create databases'),
        (r.rolreplication, 'replicate the whole server')
    ) as attribute (has, words) where attribute.has
    union all
    select 3, 'it is a member of ' || r.rolname
    from reachable r where r.rolname in (
        'pg_checkpoint', 'pg_create_subscription', 'pg_execute_server_program', 'pg_maintain', 'pg_read_server_files',
        'pg_signal_autovacuum_worker', 'pg_signal_backend', 'pg_write_all_data', 'pg_write_server_files')
    union all
    select 4, pg_catalog.format('it owns the database %I', d.datname)
    from pg_catalog.pg_database d
    where d.datname = pg_catalog.current_database() and d.datdba in (select oid from reachable)
    union all
    select 5, pg_catalog.format('it owns %s relations, such as %s', count(*), min(name)) from owned having count(*) > 0
    union all
    select 6, pg_catalog.format('it could write to %s relations, such as %s', count(*), min(name))
    from writable having count(*) > 0
    union all
    select 7, pg_catalog.format('it could create objects in %s schemas, such as %I', count(*), min(n.nspname))
    from pg_catalog.pg_namespace n
    where n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and exists (
        select from reachable r where pg_catalog.has_schema_privilege(r.oid, n.oid, 'create'))
    having count(*) > 0
)
select distinct place, sentence from found
where place = 1 or not exists (select from found where place = 1)
order by 1, 2
"""


def excess(cursor: Cursor) -> tuple[str, ...]:
    """Return in sentences what the login could do beyond reading. Raises psycopg.Error."""
    return tuple(safe(sentence) for _, sentence in cursor.execute(_EXCESS).fetchall())


# What a question needs, through views that read with their caller's rights, too. A relation of which no column is named
# needs one of them, any.
_LACKING = """
with recursive asked as (
    select c.oid, c.relkind, c.reloptions, given.columns
    from unnest(%(relations)s::text[], %(columns)s::text[]) as given (name, columns)
    join pg_catalog.pg_namespace n on n.nspname = pg_catalog.split_part(given.name, '.', 1)
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = pg_catalog.split_part(given.name, '.', 2)
), needs (oid, number) as (
    select k.oid, a.attnum from asked k
    join pg_catalog.pg_attribute a on a.attrelid = k.oid and a.attnum > 0 and not a.attisdropped
    where k.columns = '*' or a.attname = any (pg_catalog.string_to_array(k.columns, ','))
    union
    select k.oid, coalesce(
        (select x.indkey[0] from pg_catalog.pg_index x where x.indrelid = k.oid and x.indisprimary), 1)
    from asked k where k.columns = '' and not pg_catalog.has_any_column_privilege(k.oid, 'select')
    union
    select d.refobjid, d.refobjsubid from needs v
    join pg_catalog.pg_class c on c.oid = v.oid and c.relkind = 'v' and exists (
        select from pg_catalog.pg_options_to_table(c.reloptions) as o
        where o.option_name = 'security_invoker' and o.option_value::boolean)
    join pg_catalog.pg_rewrite w on w.ev_class = c.oid
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> c.oid and d.refobjsubid > 0
), functions as (
    select p.oid, p.pronamespace from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname || '.' || p.proname = any (%(functions)s::text[])
), ours as (
    select n.oid, n.nspname from pg_catalog.pg_namespace n where n.oid in (
        select c.relnamespace from pg_catalog.pg_class c
        where c.oid in (select oid from needs union select oid from asked)
        union all select pronamespace from functions)
), grants (place, statement) as (
    select 1, pg_catalog.format('grant usage on schema %%I to %%I;', o.nspname, current_user)
    from ours o where not pg_catalog.has_schema_privilege(o.oid, 'usage')
    union all
    select 2, case when count(*) = max(c.relnatts) and max(c.relnatts) > 1 then
               pg_catalog.format('grant select on %%I.%%I to %%I;', n.nspname, c.relname, current_user)
           else pg_catalog.format('grant select (%%s) on %%I.%%I to %%I;',
               pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum),
               n.nspname, c.relname, current_user) end
    from needs d join pg_catalog.pg_class c on c.oid = d.oid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = d.oid and a.attnum = d.number
    where not pg_catalog.has_column_privilege(d.oid, d.number::smallint, 'select')
    group by n.nspname, c.relname
    union all
    select 3, pg_catalog.format('grant execute on function %%s to %%I;', f.oid::pg_catalog.regprocedure, current_user)
    from functions f where not pg_catalog.has_function_privilege(f.oid, 'execute')
    union all
    select distinct 4, pg_catalog.format('alter role %%I bypassrls;', current_user)
    from (select oid from needs union select oid from asked) as d
    where pg_catalog.row_security_active(d.oid)
)
select statement from grants order by place, statement
"""


def lacking(cursor: Cursor, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the statements that give the login what it lacks for questions or relations. Raises psycopg.Error.

    They name what exists; for a catalogue, which everybody can read, there is nothing to give.
    """
    named: dict[str, set[str]] = {}
    functions: set[str] = set()
    for text in texts:
        if _RELATION.fullmatch(text):
            named.setdefault(text, set())
            continue
        for relation, columns in read(text).items():
            named.setdefault(relation, set()).update(columns)
        functions |= {".".join(found) for found in _FUNCTION.findall(text) if found[0] != "pg_catalog"}
    needed = [EVERYTHING if EVERYTHING in each else ",".join(sorted(each)) for each in named.values()]
    given = {"relations": [*named], "columns": needed, "functions": sorted(functions)}
    return tuple(safe(statement) for (statement,) in cursor.execute(_LACKING, given).fetchall())


@cache
def read(text: str) -> Mapping[str, frozenset[str]]:
    """Return the columns that a question reads of each relation outside the catalogues; ``*`` where it reads all.

    Raises sqlglot.errors.ParseError when the question cannot be parsed.
    """
    found: dict[str, set[str]] = {name: set() for name in relations(text) if not _of_server(name)}
    for statement in sqlglot.parse(text.replace("%%", "%"), dialect="postgres"):
        for scope in traverse_scope(statement) if statement is not None else []:
            for table, column in _columns(scope):
                name = f"{table.db}.{table.name}"
                if name in found:
                    found[name].add(column)
    return {name: frozenset(columns) for name, columns in found.items()}


def _of_server(name: str) -> bool:
    return name.startswith(("pg_catalog.", "information_schema."))


def _columns(scope: Scope) -> list[tuple[exp.Table, str]]:
    tables = {alias: source for alias, source in scope.sources.items() if isinstance(source, exp.Table)}
    found: list[tuple[exp.Table, str]] = []
    for column in scope.columns:
        # A name alone is a column of the only source there is, or a source itself, taken as a whole.
        whole = tables.get(column.name) if not column.table else None
        if whole is not None:
            found.append((whole, EVERYTHING))
        elif column.table in tables:
            found.append((tables[column.table], EVERYTHING if isinstance(column.this, exp.Star) else column.name))
        elif not column.table and len(scope.sources) == 1 and tables:
            found += [(table, column.name) for table in tables.values()]
    for each in scope.expression.expressions:
        if isinstance(each, exp.Star):
            found += [(table, EVERYTHING) for table in tables.values()]
        elif isinstance(each, exp.Column) and isinstance(each.this, exp.Star) and each.table in tables:
            found.append((tables[each.table], EVERYTHING))
    return found

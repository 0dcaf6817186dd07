"""Whether a sequence that was set back gives out numbers that are still in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from psycopg import sql

from audit.question import Connection

# The columns that take their numbers from a sequence, by their own default or because it is theirs.
# https://www.postgresql.org/docs/current/catalog-pg-depend.html
_FED = """
with fed (relation, number) as (
    select a.adrelid, a.adnum
    from pg_catalog.pg_depend d join pg_catalog.pg_attrdef a on a.oid = d.objid
    where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.refobjid = pg_catalog.to_regclass(%(sequence)s)
    union
    select d.refobjid, d.refobjsubid::pg_catalog.int2
    from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refclassid = d.classid
    and d.objid = pg_catalog.to_regclass(%(sequence)s) and d.deptype in ('a', 'i')
)
select pg_catalog.format('%%I.%%I', n.nspname, c.relname), a.attname::pg_catalog.text,
       y.typname = any (array['int2', 'int4', 'int8'])
from fed f
join pg_catalog.pg_class c on c.oid = f.relation
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = f.relation and a.attnum = f.number
join pg_catalog.pg_type y on y.oid = a.atttypid
where not a.attisdropped
"""
_NEXT = "select last_value + case when is_called then 1 else 0 end from {}"
_STEP = """
select s.increment_by from pg_catalog.pg_sequences s
where pg_catalog.format('%%I.%%I', s.schemaname, s.sequencename) = %s
"""


def repeating(conn: Connection, titles: Iterable[str]) -> Iterator[str]:
    """Yield the sequences, of those that were set back, that may give out a number once more that a row has.

    Whoever sets one to what comes after the largest number of its column loses nothing. Where nothing takes its
    numbers, or no row has any, nobody knows. The connection must be as ``looking`` makes it. Raises psycopg.Error.
    """
    for title in titles:
        ((step,),) = conn.execute(_STEP, [title]).fetchall() or ((0,),)
        ((following,),) = conn.execute(sql.SQL(_NEXT).format(sql.SQL(title)))
        fed = conn.execute(_FED, {"sequence": title}).fetchall()
        largest = [
            conn.execute(
                sql.SQL("select pg_catalog.max({}) from {}").format(sql.Identifier(column), sql.SQL(table))
            ).fetchone()
            for table, column, whole in fed
            if whole
        ]
        told = [number for (number,) in filter(None, largest) if number is not None]
        if step <= 0 or not told or len(largest) < len(fed) or max(told) >= following:
            yield title

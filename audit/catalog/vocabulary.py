"""Which words a column knows: those that the database itself allows, by an enumerated type or a check."""

from __future__ import annotations

# For each column of the table %(vocabulary_of)s: "known" are its words (null: the database does not say), "elsewhere"
# that another table holds them. A check counts when it names words and does nothing else with the column.
VOCABULARY = r"""
columns as (
    select a.attname::text as name, a.attrelid, a.attnum, coalesce(nullif(t.typbasetype, 0), t.oid) as type,
           t.oid as domain
    from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = pg_catalog.to_regclass(%(vocabulary_of)s) and a.attnum > 0 and not a.attisdropped
), checks as (
    select c.name, expression
    from columns c
    join pg_catalog.pg_constraint o on o.contype = 'c' and (
        (o.conrelid = c.attrelid and o.conkey operator(pg_catalog.=) array[c.attnum]) or o.contypid = c.domain)
    cross join lateral pg_catalog.pg_get_expr(o.conbin, o.conrelid) as expression
    cross join lateral regexp_replace(expression, '''(?:[^'']|'''')*''', '''''', 'g') as bare
    where bare ~ '= (ANY \(+ARRAY\[)?''' and bare !~ '[<>~]|\m(AND|NOT|ALL)\M'
), vocabulary as (
    select c.name, coalesce(
        (select array_agg(e.enumlabel::text order by e.enumsortorder)
         from pg_catalog.pg_enum e where e.enumtypid = c.type),
        (select array_agg(distinct replace(m[1], '''''', '''')) from checks k
         cross join lateral regexp_matches(k.expression, '''((?:[^'']|'''')*)''', 'g') as m where k.name = c.name)
    ) as known,
    exists (select from pg_catalog.pg_constraint o
            where o.contype = 'f' and o.conrelid = c.attrelid and o.conkey operator(pg_catalog.=) array[c.attnum]
            and o.convalidated) as elsewhere
    from columns c
)
"""

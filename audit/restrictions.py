"""Restrictions that made-up rows put on members: a story is about people on whom none lies.

A table of bans, blocks or suspensions is filled like any other, and everybody is in it then. What must work is expected
to work for a member whom nobody has restricted, so the rows about those who act are taken away, for one policy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from psycopg import sql

from audit.names import PROFILES, RESTRICTING
from audit.question import Cursor

# What policies, and the functions that they call, say: of each text so much.
TEXTS = """
select pg_catalog.left(pg_catalog.concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                                            pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)), 20000)
from pg_catalog.pg_policy p
union all
select pg_catalog.left(pg_catalog.pg_get_functiondef(f.oid), 20000)
from pg_catalog.pg_proc f
where f.prokind = 'f' and f.oid in (
    select d.refobjid from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
    and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
"""
# Nobody is let through of whom there is such a row. Texts are the project's: no pattern may take long.
BARRING = re.compile(
    r"\bnot\s{0,20}\(?\s{0,20}exists\s{0,20}\(\s{0,20}select\b(?:(?!\bfrom\b)[^()]){0,300}\bfrom\s{1,20}"
    r'(?:[a-z_]\w{0,62}\.)?"?([a-z_]\w{0,62})',
    re.IGNORECASE,
)

# Tables with a column that names a person (by a foreign key), and in which a person may have several rows.
FOUND = """
with people (relation, name) as (
    select k.conrelid, a.attname::text
    from pg_catalog.pg_constraint k join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and pg_catalog.cardinality(k.conkey) = 1
    and k.confrelid in (pg_catalog.to_regclass('auth.users'), pg_catalog.to_regclass(%(profiles)s))
    and not exists (
        select from pg_catalog.pg_index i
        where i.indrelid = k.conrelid and i.indisunique and i.indnkeyatts = 1 and i.indkey[0] = a.attnum)
)
select n.nspname::text, c.relname::text, pg_catalog.array_agg(distinct p.name)
from people p join pg_catalog.pg_class c on c.oid = p.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname <> all (%(platform_schemas)s)
and n.nspname || '.' || c.relname <> all (%(relied_on)s)
and (c.relname ~* %(restricting)s or c.relname = any (%(barring)s))
group by n.nspname, c.relname
"""


def lift(cursor: Cursor, known: Mapping[str, Any], people: Collection[str]) -> None:
    """Take away what restricts these people, by their ids, in the transaction of the cursor. Raises psycopg.Error.

    What restricts is known by its name, or because policies let through whom no row of it is about.
    """
    texts = [text for (text,) in cursor.execute(TEXTS).fetchall()]
    barring = sorted({name for text in texts for name in BARRING.findall(text)})
    names = {"relied_on": relied_on(known), "restricting": RESTRICTING, "barring": barring, "profiles": PROFILES}
    cursor.execute(FOUND, {**known, **names})
    for schema, table, columns in cursor.fetchall():
        about = sql.SQL(" or ").join(
            sql.SQL("{}::pg_catalog.text = any ({})").format(sql.Identifier(column), sql.Literal([*people]))
            for column in columns
        )
        cursor.execute(sql.SQL("delete from {} where {}").format(sql.Identifier(schema, table), about))


def relied_on(known: Mapping[str, Any]) -> Sequence[str]:
    """Return the tables that stories are about: what is in them restricts nobody."""
    tables = [each.removeprefix("table ") for each in known["runbook_objects"] if each.startswith("table ")]
    return tables + [name for each in known["messaging"] for role, name in each.items() if role != "parties"]

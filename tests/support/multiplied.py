"""The reference's made-up people many times over, by the server itself: to make a million by one would take an hour."""

from __future__ import annotations

import psycopg
from psycopg import sql

TABLES = (
    "auth.users", "public.profiles", "public.help_requests", "public.conversations",
    "public.conversation_participants", "public.messages", "public.contact_exchanges", "public.contact_exchange_audit",
)  # fmt: skip
PEOPLE = ("auth.users", "public.profiles")

# A column's value in the n-th copy. Ids stay the ids of what they refer to, since all change in the same way; addresses
# and numbers stay somebody's alone.
_COLUMNS = """
select a.attname,
       case when a.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype
            then pg_catalog.format('pg_catalog.md5(%%1$I::text || n)::uuid', a.attname)
            when a.attname in ('email', 'phone')
            then pg_catalog.format('case when %%1$I <> '''' then n || ''.'' || %%1$I else %%1$I end', a.attname)
            else pg_catalog.quote_ident(a.attname) end
from pg_catalog.pg_attribute a
where a.attrelid = %s::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped
and a.attgenerated = '' and a.attidentity = ''
"""


def multiply(connection: psycopg.Connection, people: int, others: int) -> None:
    """Let there be ``people`` times as many people, and ``others`` times as many of all that they have.

    Triggers, foreign keys and checks are passed over; the copies are to each other as the originals are.
    """
    connection.execute("set session_replication_role = replica")
    for table in TABLES:
        columns = connection.execute(_COLUMNS, [table]).fetchall()
        connection.execute(
            sql.SQL("insert into {} ({}) select {} from {}, generate_series(2, %s) as n").format(
                sql.SQL(table), sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
                sql.SQL(", ").join(sql.SQL(value) for _, value in columns), sql.SQL(table),
            ),
            [people if table in PEOPLE else others],
        )  # fmt: skip
    connection.execute("set session_replication_role = origin")
    connection.execute("analyze")

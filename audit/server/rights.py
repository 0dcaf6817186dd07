"""Who does what on a disposable server, so that the project's code never runs with a superuser's rights.

Three logins, and no way from one to a mightier one:

- the superuser, who makes the platform before any of the project's code is there, copies and drops databases, and gives
  memberships. He must say a password that nobody inside the server knows. After the project's code is there he touches
  nothing but catalogues, by the statements of this module and of :mod:`audit.server.embedded`, all of whose names are
  qualified (a test reads them);
- ``postgres``, the role that owns the project at its provider: as he, migrations are applied. There is nobody behind a
  RESET SESSION AUTHORIZATION but himself;
- the stand-in, who fills tables, asks, acts as the people, vacuums and analyzes. He has what ``postgres`` has, may read
  and write everything in the database, passes row level security, and can become everybody who is no superuser. What of
  the project fires while he works (triggers, casts, domains, views) can do no more harm than to its own database.

Sources: https://www.postgresql.org/docs/current/predefined-roles.html
         https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql
from psycopg.conninfo import make_conninfo

from audit.connection import PLAIN, Dsn, connect, options
from audit.migrations import EVENT_TRIGGERS_SINCE
from audit.migrations import OWNER as OWNER
from audit.question import Connection

SUPERUSER = "supabase_admin"
STAND_IN = "audit_stand_in"

POWERS = ("pg_read_all_data", "pg_write_all_data", "pg_monitor")
# What actors and seeds set, and only superusers may without a grant.
SETTABLE = ("lc_messages", "session_replication_role")
# These lead to the machine's files and programs, and nobody inside gets them.
NOT_GRANTED = ("pg_execute_server_program", "pg_read_server_files", "pg_write_server_files")

# Nothing that somebody made comes before what PostgreSQL brings: not even in the schema of temporary objects, which is
# searched first for tables and types unless it is named. https://www.postgresql.org/docs/current/runtime-config-client.html
PLAIN_PATH = "pg_catalog, pg_temp"


# A project may set its database to read only, or end what takes long there: that is told, and does not keep us from
# filling and acting. What files do is under the settings that their role and database have.
OUR_WORK = {
    "default_transaction_read_only": "off",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "role": "none",
    "statement_timeout": "0",
}


def login(dsn: Dsn, user: str) -> Dsn:
    """Return the connection string of another login of a disposable server."""
    settings = PLAIN if user == OWNER else {**PLAIN, **OUR_WORK}
    return Dsn(make_conninfo(dsn, user=user, options=options(settings)))


@contextmanager
def superuser(dsn: Dsn) -> Iterator[Connection]:
    """Open a connection of the superuser, for statements about catalogues whose names are all qualified."""
    with connect(login(dsn, SUPERUSER)) as connection:
        connection.execute(f"set search_path = {PLAIN_PATH}")
        yield connection


# Before version 16 whoever may create roles may give away, and take, every role that is no superuser's.
# https://www.postgresql.org/docs/15/sql-createrole.html
_OUT_OF_REACH = """
set allow_system_table_mods = on;
update pg_catalog.pg_authid set rolsuper = true where rolname operator(pg_catalog.=) any (array[{}]::pg_catalog.name[]);
reset allow_system_table_mods
"""


def hire(connection: Connection, password: str = "") -> None:
    """Make the stand-in, before any of the project's code is there. ``connection`` is the superuser's.

    ``password`` is for where nobody is let in without one; the owner gets the same.

    Raises psycopg.Error.
    """
    name = sql.Identifier(STAND_IN)
    statements = [
        sql.SQL("create role {} login inherit bypassrls").format(name),
        *(sql.SQL("grant {} to {}").format(sql.Identifier(power), name) for power in POWERS),
        *(sql.SQL("grant set on parameter {} to {}").format(sql.Identifier(each), name) for each in SETTABLE),
    ]
    if password:
        change = sql.SQL("alter role {} login password {}")
        statements += [change.format(sql.Identifier(each), password) for each in (OWNER, STAND_IN)]
    statements += without_event_triggers(connection.info.server_version)
    if connection.info.server_version < 160000:
        names = sql.SQL(", ").join(map(sql.Literal, NOT_GRANTED))
        statements.append(sql.SQL(_OUT_OF_REACH).format(names))
    for statement in statements:
        connection.execute(statement)
    follow(connection)


def without_event_triggers(version: int) -> list[sql.Composed]:
    """Return statements by which what a project has done at every command is done in its own sessions, never in ours.

    The stand-in may switch it on while it applies the project's files. ``version`` is the server's; see
    https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-EVENT-TRIGGERS
    """
    if version < EVENT_TRIGGERS_SINCE:
        return []
    off = sql.SQL("alter role {} set event_triggers to off")
    return [
        *(off.format(sql.Identifier(each)) for each in (SUPERUSER, STAND_IN)),
        sql.SQL("grant set on parameter event_triggers to {}").format(sql.Identifier(STAND_IN)),
    ]


# Whoever leads to the machine's files and programs is left out, should an image's own role do so.
_TO_FOLLOW = """
select r.rolname from pg_catalog.pg_roles r
where not r.rolsuper and r.rolname operator(pg_catalog.<>) {stand_in}
and not pg_catalog.starts_with(r.rolname::pg_catalog.text, 'pg_')
and not pg_catalog.pg_has_role({stand_in}, r.oid, 'usage')
and not exists (
    select from pg_catalog.pg_roles p
    where p.rolname operator(pg_catalog.=) any ({barred}::pg_catalog.name[])
    and pg_catalog.pg_has_role(r.oid, p.oid, 'member')
)
"""


def follow(connection: Connection) -> None:
    """Let the stand-in become every role that is there by now. ``connection`` is the superuser's.

    Raises psycopg.Error.
    """
    question = sql.SQL(_TO_FOLLOW).format(
        stand_in=sql.SQL("{}::pg_catalog.name").format(STAND_IN),
        barred=sql.SQL("array[{}]").format(sql.SQL(", ").join(map(sql.Literal, NOT_GRANTED))),
    )
    names = [name for (name,) in connection.execute(question).fetchall()]
    for name in names:
        connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(name), sql.Identifier(STAND_IN)))

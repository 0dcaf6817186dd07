"""People sign up as the project has it: the auth service writes a user, and the project's triggers do the rest.

What a sign-up says about a person (``raw_user_meta_data``) is what the project's functions ask for. Where a trigger
refuses, that is told, and the user is made without it.
Source: https://supabase.com/docs/guides/auth/managing-user-data#using-triggers
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from audit.names import PRIVILEGED
from audit.seeding.community import Row
from audit.seeding.loading import reason
from audit.seeding.rules import hints
from audit.seeding.tables import Catalogue, Table

TIMEOUT_MS = 5_000
# What anybody's trigger may set that would be in the way of what comes after it.
_SETTINGS = (
    "role",
    "search_path",
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
)
# The role that writes users, and the schema that it finds things in without being told.
SERVICE, SERVICE_PATH = "supabase_auth_admin", "auth"

_TRIGGERS = """
select from pg_catalog.pg_trigger
where tgrelid = %s::oid and not tgisinternal and tgenabled in ('O', 'A') limit 1
"""
_READERS = """
select p.prosrc from pg_catalog.pg_proc p
where p.prosrc ~* 'raw_user_meta_data'
or p.oid in (select tgfoid from pg_catalog.pg_trigger where tgrelid = %s::oid and not tgisinternal)
"""
_SERVES = """
select from pg_catalog.pg_roles r
where r.rolname = %(role)s and pg_catalog.pg_has_role(current_user, r.oid, 'member')
and pg_catalog.has_schema_privilege(r.oid, 'auth', 'usage')
and pg_catalog.has_table_privilege(r.oid, %(users)s::oid, 'insert')
"""

# A key that is taken out of a document, and what its text is made into.
_KEY = re.compile(r"->>?\s*'(?P<key>\w+)'\s*\)*\s*(?:::\s*(?P<type>[\w.\"]+))?")
# What people say of themselves, rather than what they are to be.
_OFFICE = re.compile(r"role|type|plan|tier|status|level|rank|kind|permission|claim", re.IGNORECASE)
_BY_TYPE = {"boolean": "false", "bool": "false", "integer": "1", "int": "1", "bigint": "1", "numeric": "1"}
_PLAIN_TYPES = frozenset(("text", "varchar", "citext", "json", "jsonb"))


def sign_up(conn: psycopg.Connection[Any], catalogue: Catalogue, people: Iterable[Row]) -> dict[str, str]:
    """Let people sign up; return by id why some could not. ``people`` are rows of auth.users.

    Nothing is done where no trigger waits for it, and for nobody who was refused: their rows are not there then.
    Raises psycopg.Error when the connection is lost.
    """
    users = catalogue.platform.get("auth.users")
    ask = conn.cursor(row_factory=tuple_row)
    if users is None or ask.execute(_TRIGGERS, (users.oid,)).fetchone() is None:
        return {}
    keys = _keys(source for (source,) in ask.execute(_READERS, (users.oid,)).fetchall())
    serves = ask.execute(_SERVES, {"role": SERVICE, "users": users.oid}).fetchone() is not None
    refused: dict[str, str] = {}
    for person in people:
        why = _sign_up(conn, users, person, list(_told(catalogue, keys, person)), serves=serves)
        if why is not None:
            refused[str(person["id"])] = why
            if why == "query_canceled":  # nobody else is made to wait for it
                break
    return refused


def _sign_up(
    conn: psycopg.Connection[Any], users: Table, person: Row, said: Sequence[Mapping[str, str]], *, serves: bool
) -> str | None:
    """Try to make one user, saying more or less about them; return why that fails, None where it does not."""
    why: str | None = None
    for attempt in said:
        row = {**person, "raw_user_meta_data": attempt, "email_confirmed_at": None, "last_sign_in_at": None}
        confirmed = {"email_confirmed_at": person["email_confirmed_at"], "last_sign_in_at": person["created_at"]}
        try:
            with settings_kept(conn), conn.transaction():
                conn.execute("set local session_replication_role = origin")
                if serves:
                    conn.execute(sql.SQL("set local search_path = {}").format(sql.Identifier(SERVICE_PATH)))
                    conn.execute(sql.SQL("set local role {}").format(sql.Identifier(SERVICE)))
                fire(conn, _inserted(users, row))
                if person["email_confirmed_at"] is not None:
                    fire(conn, _updated(users, {"id": person["id"], **confirmed}))
                fire(conn, sql.SQL("set constraints all immediate"))
        except psycopg.Error as error:
            if conn.broken:
                raise
            why = why or reason(error)
            if isinstance(error, psycopg.errors.QueryCanceled):
                return reason(error)
        else:
            return None
    return why


def _inserted(users: Table, row: Mapping[str, object]) -> sql.Composed:
    names, values = _literals(users, row)
    return sql.SQL("insert into {} ({}) values ({})").format(
        users.identifier, sql.SQL(", ").join(names), sql.SQL(", ").join(values)
    )


def _updated(users: Table, row: Mapping[str, object]) -> sql.Composed:
    sets = sql.SQL(", ").join(sql.SQL("{} = {}").format(*pair) for pair in zip(*_literals(users, row), strict=True))
    return sql.SQL("update {} set {} where id = {}").format(users.identifier, sets, sql.Literal(row["id"]))


def _literals(users: Table, row: Mapping[str, object]) -> tuple[list[sql.Identifier], list[sql.Literal]]:
    # No parameters: with one, a percent sign in a name would be taken for a placeholder.
    known = {name: value for name, value in row.items() if name in users.columns and not users.columns[name].generated}
    return (
        [sql.Identifier(name) for name in known],
        [sql.Literal(json.dumps(value) if isinstance(value, Mapping) else value) for value in known.values()],
    )


def fire(conn: psycopg.Connection[Any], statement: sql.Composable) -> None:
    """Execute what fires triggers, so that nothing that they set lasts longer than the statement.

    The settings are given back before the statement ends: of a trigger that sets a time limit of a millisecond, the
    next statement, though it were the one that takes the limit away, might be cancelled. (What fails is undone by the
    server at once, settings included.) Raises psycopg.Error as the statement does.
    """
    settings = {f"audit_kept_{number}": sql.Literal(name) for number, name in enumerate(_SETTINGS)}
    kept = [sql.SQL("{} text := pg_catalog.current_setting({});").format(sql.SQL(v), s) for v, s in settings.items()]
    back = [sql.SQL("perform pg_catalog.set_config({}, {}, true);").format(s, sql.SQL(v)) for v, s in settings.items()]
    body = sql.SQL("declare {} begin execute {}; {} end").format(
        sql.SQL(" ").join(kept), sql.Literal(statement.as_string(conn)), sql.SQL(" ").join(back)
    )
    conn.execute(sql.SQL("do {}").format(sql.Literal(body.as_string(conn))), prepare=False)


@contextmanager
def settings_kept(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Keep what we set from staying: role, path and limits are afterwards as before; set a short limit."""
    names = (*_SETTINGS, "session_replication_role")
    question = sql.SQL("select {}").format(
        sql.SQL(", ").join(sql.SQL("pg_catalog.current_setting({})").format(sql.Literal(name)) for name in names)
    )
    before = conn.cursor(row_factory=tuple_row).execute(question).fetchone() or ()
    back = sql.SQL("select {}").format(
        sql.SQL(", ").join(
            sql.SQL("pg_catalog.set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
            for name, value in zip(names, before, strict=True)
        )
    )
    conn.execute(f"set local statement_timeout = {TIMEOUT_MS}")
    try:
        yield
    finally:
        if not conn.broken:
            conn.execute(back)


# What is said at the sign-up


def _keys(sources: Iterable[str]) -> dict[str, str]:
    """Return the keys that functions take out of documents, each with the type that its text is made into, or ''."""
    found: dict[str, str] = {}
    for source in sources:
        for match in _KEY.finditer(source):
            type_ = (match["type"] or "").replace('"', "")
            found[match["key"]] = found.get(match["key"]) or type_
    return found


def _told(catalogue: Catalogue, keys: Mapping[str, str], person: Row) -> Iterator[dict[str, str]]:
    """Yield what somebody may say of themselves: what is harmless, then all that is asked for, then nothing."""
    name = {"name": str(person["raw_user_meta_data"]["name"])}  # type: ignore[index]
    if person["is_anonymous"]:
        yield {}
        return
    harmless = {
        key: _text(key, person)
        for key, type_ in keys.items()
        if type_ in ("", *_PLAIN_TYPES) and not _OFFICE.search(key) and not PRIVILEGED.search(key)
    }
    yield {**harmless, **name}
    yield {**{key: _word(catalogue, key, type_) or _text(key, person) for key, type_ in keys.items()}, **name}
    yield {}


def _text(key: str, person: Row) -> str:
    first, _, last = str(person["raw_user_meta_data"]["name"]).partition(" ")  # type: ignore[index]
    number = str(person["id"])[-4:]
    if "mail" in key:
        return str(person["email"])
    if "phone" in key:
        return f"+1555010{number}"
    if re.search(r"url|avatar|picture|image|photo", key):
        return f"https://example.org/{first.lower()}{number}"
    if re.search(r"user_?name|handle|slug|nick", key):
        return f"{first.lower()}{number}"
    if re.search(r"last|family|surname", key):
        return last
    if re.search(r"first|given", key):
        return first
    return f"{first} {last}" if "name" in key else f"{first} {number}"


def _word(catalogue: Catalogue, key: str, type_: str) -> str | None:
    """Return a word that a key may have: of the type that it is made into, or of a column of the same name."""
    if type_ in _BY_TYPE:
        return _BY_TYPE[type_]
    if type_ == "uuid":
        return None
    words = [t.labels for t in catalogue.types.values() if t.kind == "e" and t.name == type_.rpartition(".")[2]]
    for table in catalogue.tables.values():
        if key in table.columns:
            column_type, _ = catalogue.plain(table.columns[key].type, -1)
            words += [column_type.labels] if column_type.kind == "e" else []
            words += [hints(c.expression)[key].words for c in table.checks if key in hints(c.expression)]
    listed = [word for some in words for word in some]
    return next((word for word in listed if not PRIVILEGED.search(word)), None)

"""What callers bring beside their id: claims that a project's own hook writes into tokens, and keys in headers.

The hook is called for each of the cast, as the auth service does it.

The service calls it as supabase_auth_admin with the user's id and the claims so far, and takes the claims that come
back (https://supabase.com/docs/guides/auth/auth-hooks/custom-access-token-hook). Which function it is stands in the
service's settings and not in the database: it is known by what it takes and gives, and by who may call it. A key in a
header is looked up in the column that a policy, or a function, compares the header with
(https://docs.postgrest.org/en/stable/references/transactions.html#request-headers-cookies-and-jwt-claims).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

AUTH_SERVICE = "supabase_auth_admin"
TIMEOUT_MS = 500

# The function that takes and returns a document, speaks of claims, and is the auth service's to call.
_HOOK = """
select n.nspname::text, p.proname::text
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where p.proargtypes::text = 'pg_catalog.jsonb'::pg_catalog.regtype::pg_catalog.oid::text
and p.prorettype = 'pg_catalog.jsonb'::pg_catalog.regtype and p.prokind = 'f'
and p.prosrc ~ 'claims'
and n.nspname !~ '^pg_|^(auth|storage|realtime|extensions|information_schema)$'
and exists (select from pg_catalog.pg_roles r where r.rolname = 'supabase_auth_admin'
            and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
            and pg_catalog.has_function_privilege(r.oid, p.oid, 'execute'))
order by p.proname !~ 'token|claim', p.proname !~ 'hook', n.nspname, p.proname limit 1
"""


def hooked(conn: psycopg.Connection[Any], tokens: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the claims of each of the cast as the hook leaves them; nothing where there is no hook, or it fails.

    ``tokens`` are the claims before. ``conn`` is a superuser's, in a transaction; what the hook does is undone.
    """
    cursor = conn.cursor(row_factory=tuple_row)
    hook = cursor.execute(_HOOK).fetchone()
    if hook is None:
        return {}
    call = sql.SQL("select {}(%s::pg_catalog.jsonb) -> 'claims'").format(sql.Identifier(*hook))
    found: dict[str, dict[str, Any]] = {}
    for name, token in tokens.items():
        event = {"user_id": token.get("sub"), "claims": dict(token), "authentication_method": "password"}
        cursor.execute("savepoint hook")
        try:
            cursor.execute(f"set local statement_timeout = {TIMEOUT_MS}; set local role {AUTH_SERVICE}")
            ((claims,),) = cursor.execute(call, (json.dumps(event),)).fetchall()
            found |= {name: claims} if isinstance(claims, dict) else {}
        except psycopg.Error:
            # Nobody is signed in by a hook that fails: SCHEMA-04 tells of it.
            if conn.closed:
                raise
        finally:
            if not conn.closed:
                cursor.execute("rollback to savepoint hook; release savepoint hook")
    return found


# Keys in headers

_HEADER = r"""'request\.headers?'[^;]{0,80}?->>\s*'(?P<header>[\w-]+)'"""
_COLUMN = r'(?<![\w"])(?:"?(?P<alias>\w++)"?\s*+\.\s*+)?"?(?P<column>[a-z_]\w*+)"?'
_CURRENT = r"(?:pg_catalog\s*\.\s*)?current_setting\s*\(\s*"
_AFTER = re.compile(rf"{_COLUMN}\s*+=[(\s]*+(?:select\s++)?+[(\s]*+{_CURRENT}{_HEADER}", re.IGNORECASE)
_BEFORE = re.compile(rf"{_HEADER}[)\s]*+(?:as\s++\w++\s*+)?+[)\s]*+=\s*+{_COLUMN}", re.IGNORECASE)
# A variable that is given such a value.
_KEPT = re.compile(rf"\b(?P<variable>\w+)(?:\s+(?:text|varchar|uuid))?\s*:=\s*[^;]{{0,80}}?{_HEADER}", re.IGNORECASE)
_COMPARED = re.compile(rf"{_COLUMN}\s*+=\s*+(?P<variable>\w++)", re.IGNORECASE)
_TABLES = re.compile(
    r'\b(?:from|join)\s+(?:"?(?P<schema>\w+)"?\s*\.\s*)?"?(?P<table>\w+)"?(?:\s+(?:as\s+)?(?P<alias>[a-z_]\w*))?',
    re.IGNORECASE,
)

# What asks for headers: policies, each with its table, and bodies of the project's functions.
_ASKING = """
select n.nspname::text, c.relname::text, pg_catalog.concat_ws(
    ' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as text
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '')
      || coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '') ~ 'request\\.header'
union all
select '', '', p.prosrc from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where p.prosrc ~ 'request\\.header' and n.nspname !~ '^pg_|^(auth|storage|realtime|extensions|information_schema)$'
"""


class Key(NamedTuple):
    """A header that is compared with a column, by which whoever sends its value is let in."""

    header: str
    schema: str
    table: str
    column: str


def keys(text: str, schema: str = "", table: str = "") -> Iterator[Key]:
    """Yield the headers that a text compares with columns; ``schema`` and ``table`` are those of a policy."""
    places = {(m["alias"] or m["table"]).lower(): (m["schema"] or "public", m["table"]) for m in _TABLES.finditer(text)}
    places |= {m["table"].lower(): (m["schema"] or "public", m["table"]) for m in _TABLES.finditer(text)}
    only = next(iter(dict.fromkeys(places.values())), (schema, table))
    text = text.replace("::text", "")
    found = [(m["header"], m["alias"], m["column"]) for m in (*_AFTER.finditer(text), *_BEFORE.finditer(text))]
    kept: dict[str, set[str]] = {}
    for m in _KEPT.finditer(text):
        kept.setdefault(m["variable"].lower(), set()).add(m["header"])
    for m in _COMPARED.finditer(text) if kept else ():
        found += [(header, m["alias"], m["column"]) for header in sorted(kept.get(m["variable"].lower(), ()))]
    for header, alias, column in found:
        yield Key(header, *(places.get((alias or "").lower(), only)), column)


def headers_of(conn: psycopg.Connection[Any], people: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the headers that each of ``people`` sends: a key of a row of their own, or one row's each.

    ``conn`` is a superuser's, in a transaction.
    """
    cursor = conn.cursor(row_factory=tuple_row)
    found: dict[str, dict[str, str]] = {}
    for schema, table, text in cursor.execute(_ASKING).fetchall():
        for key in keys(text, schema, table):
            for name, value in zip(people, _values(cursor, key, len(people)), strict=False):
                found.setdefault(name, {})[key.header.lower()] = value
    return found


# What refers to a table: relation, column, and the column there.
_REFERRING = """
select x.conrelid::pg_catalog.regclass::text, pg_catalog.quote_ident(c.attname), pg_catalog.quote_ident(k.attname)
from pg_catalog.pg_constraint x
join pg_catalog.pg_attribute c on c.attrelid = x.conrelid and x.conkey operator(pg_catalog.=) array[c.attnum]
join pg_catalog.pg_attribute k on k.attrelid = x.confrelid and k.attnum = x.confkey[1]
where x.contype = 'f' and x.confrelid = pg_catalog.to_regclass(%s) order by 1, 2
"""


def _values(cursor: psycopg.Cursor[tuple[Any, ...]], key: Key, most: int) -> list[str]:
    """Return some values of the column: those of the rows that most others refer to."""
    place = sql.Identifier(key.schema, key.table)
    cursor.execute("savepoint key")
    try:
        referring = cursor.execute(_REFERRING, (place.as_string(None),)).fetchall()
        counts = " + ".join(
            f"(select count(*) from {child} as c where c.{column} = t.{own})" for child, column, own in referring
        )
        question = sql.SQL("select t.{0}::text from {1} as t where t.{0} is not null order by {2} desc, 1 limit {3}")
        rows = cursor.execute(
            question.format(sql.Identifier(key.column), place, sql.SQL(counts or "0"), sql.Literal(most))
        ).fetchall()
        return [value for (value,) in rows]
    except psycopg.Error:
        # A name that means something else: nobody has such a key.
        if cursor.connection.closed:
            raise
        return []
    finally:
        if not cursor.connection.closed:
            cursor.execute("rollback to savepoint key; release savepoint key")

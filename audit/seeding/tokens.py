"""What the server wrote into people's tokens: the claims that policies compare with a column, such as a tenant.

The auth service puts ``raw_app_meta_data`` of auth.users into the token as ``app_metadata``
(https://supabase.com/docs/guides/auth/users#the-user-object). Which tenants there are is known once the tables are
filled: people get the one that they are a member of, or where there are no members, one of the first two. Claims that
are compared with a word, such as a role, are given to nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row
from sqlglot import exp

from audit.catalog.calls import BODY
from audit.catalog.expressions import bare, called, parsed, table_of
from audit.evidence import Unchecked
from audit.names import MEMBERS
from audit.people import CAST
from audit.seeding.tables import Catalogue, Table

Claims = dict[str, Any]
# Where a value comes from: a table, by number, and its column.
Origin = tuple[int, str]

# Policies and the functions that look into a token, all names qualified.
_POLICIES = """
select p.polrelid::bigint, e.text
from pg_catalog.pg_policy p
cross join lateral (values (pg_catalog.pg_get_expr(p.polqual, p.polrelid)),
                           (pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))) as e (text)
where e.text is not null
"""
_FUNCTIONS = f"""
select n.nspname::text, p.proname::text,
       {BODY}
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname not in ('pg_catalog', 'information_schema', 'auth')
"""

_WRITABLE = """
select from pg_catalog.pg_attribute
where attrelid = pg_catalog.to_regclass('auth.users') and attname = 'raw_app_meta_data'
and atttypid = 'pg_catalog.jsonb'::pg_catalog.regtype
"""

# A claim of the server's: below app_metadata, or at the top, where a project's hook puts it; as the server writes
# expressions, as sqlglot does, or as people do.
_KEY = r"(?P<{}>->>?)[\s(]*(?:cast\()?'(?!(?:app|user)_metadata')(?P<{}>[\w-]+)'"
_CLAIM = re.compile(
    r"'app_metadata'(?:::text|\s+as\s+text)?[\s)]*"
    + _KEY.format("below", "key")
    + r"|'\{app_metadata,(?P<path>[\w-]+)\}'|(?:\bjwt\(\)(?:\s+as\s+jwt)?[\s)]*|'request\.jwt\.claims'[^'>]*?)"
    + _KEY.format("top", "name"),
    re.IGNORECASE,
)
_STANDARD = frozenset(
    ("sub", "role", "email", "phone", "aud", "iss", "iat", "exp", "aal", "amr", "session_id", "is_anonymous")
)

# Who gets the first and the second tenant where nothing says so.
_FIRST, _SECOND = ("alice", "bob", "admin"), ("stranger",)


def write_tokens(conn: psycopg.Connection[Any], catalogue: Catalogue) -> None:
    """Give the cast the claims that policies compare with columns. ``conn`` is a superuser's, the tables are filled."""
    known = conn.cursor(row_factory=tuple_row)
    before = known.execute("select pg_catalog.current_setting('search_path')").fetchone()
    known.execute("set local search_path = ''")
    claims = _claims(known, catalogue) if known.execute(_WRITABLE).fetchone() is not None else {}
    # What the project wrote there itself stays.
    write = "update auth.users set raw_app_meta_data = %s::jsonb || coalesce(raw_app_meta_data, '{}') where id = %s"
    for name, person in CAST.items():
        if given := {key: value[name] for key, value in claims.items() if name in value}:
            known.execute(write, (json.dumps(given), person.id))
    known.execute("select pg_catalog.set_config('search_path', %s, true)", before)


def _claims(cursor: psycopg.Cursor[tuple[Any, ...]], catalogue: Catalogue) -> dict[str, Claims]:
    """Return for each claim what each of the cast has there."""
    policies = cursor.execute(_POLICIES).fetchall()
    functions = _reading(cursor.execute(_FUNCTIONS).fetchall())
    if not functions and not any(_CLAIM.search(text) for _, text in policies):
        return {}
    places: dict[tuple[str, bool], set[Origin]] = {}
    numbers = {(table.schema, table.name): table.oid for table in catalogue.tables.values()}
    for oid, text in policies:
        if oid in catalogue.tables:
            for claim, table, column in _compared(text, oid, numbers, functions):
                places.setdefault(claim, set()).add((table, column))
    # A policy that forgot the comparison still asks for an id of that name.
    asked = set().union(*functions.values(), *(_keys(text) for _, text in policies))
    for claim in asked - places.keys():
        named = {
            (t.oid, c) for t in catalogue.tables.values() for k in t.foreign_keys for c in k.columns if c == claim[0]
        }
        if named:
            places[claim] = named
    found: dict[str, Claims] = {}
    for (key, is_list), used in sorted(places.items()):
        values = _tenants(cursor, catalogue, sorted(used, key=lambda p: (catalogue.tables[p[0]].title, p[1])))
        found[key] = {name: [value] if is_list else value for name, value in values.items()}
    return found


def _keys(text: str) -> set[tuple[str, bool]]:
    """Return the claims that a text takes out of the token, and whether as a list."""
    found = set()
    for match in _CLAIM.finditer(text):
        key = match["key"] or match["path"] or match["name"]
        if not match["name"] or key not in _STANDARD:
            found.add((key, (match["below"] or match["top"]) == "->"))
    return found


def _reading(functions: list[tuple[Any, ...]]) -> dict[tuple[str, str], set[tuple[str, bool]]]:
    """Return the functions that read claims of the server's, by themselves or through others."""
    found = {(schema, name): _keys(text) for schema, name, text in functions}
    while True:
        names = {name for (_, name), keys in found.items() if keys}
        if not names:
            return {}
        calls = re.compile(rf"\b({'|'.join(map(re.escape, sorted(names)))})\s*\(")
        grown = False
        for schema, name, text in functions:
            for callee in set(calls.findall(text)) - {name}:
                more = set().union(*(keys for (_, other), keys in found.items() if other == callee))
                grown = grown or not more <= found[schema, name]
                found[schema, name] |= more
        if not grown:
            return {place: keys for place, keys in found.items() if keys}


def _compared(
    text: str,
    oid: int,
    numbers: Mapping[tuple[str, str], int],
    functions: Mapping[tuple[str, str], set[tuple[str, bool]]],
) -> Iterator[tuple[tuple[str, bool], int, str]]:
    """Yield the claims that a policy compares with a column, or asks a function about: claim, table, column."""
    try:
        tree = parsed(text)
    except Unchecked:
        return  # the policies that judge expressions say so
    for node in tree.walk():
        name = called(node)
        comparing = isinstance(node, exp.In | exp.Binary) and not isinstance(node, exp.Connector | exp.Dot)
        if comparing or (name is not None and name[0]):
            keys = _keys(node.sql(dialect="postgres"))
            for inner in node.walk():
                keys |= functions.get(called(inner) or ("", ""), set())
            sides = (node.this, node.args.get("expression")) if name is None else node.expression.expressions
            for side in sides:
                column = bare(side) if side is not None else None
                if isinstance(column, exp.Anonymous) and len(column.expressions) == 1:
                    column = bare(column.expressions[0])  # to_jsonb(tenant_id)
                if isinstance(column, exp.Column):
                    table = table_of(column)
                    number = oid if table is None else numbers.get(table)
                    alike = {key for key in keys if key[0] == column.name} or keys
                    if number is not None:
                        yield from ((key, number, column.name) for key in alike)


def _origin(catalogue: Catalogue, place: Origin) -> Origin:
    """Return the column that a column refers to in the end."""
    seen: set[Origin] = set()
    while place not in seen:
        seen.add(place)
        table = catalogue.tables.get(place[0])
        for key in table.foreign_keys if table else ():
            if place[1] in key.columns and key.parent in catalogue.tables:
                place = (key.parent, key.parent_columns[key.columns.index(place[1])])
                break
    return place


def _tenants(cursor: psycopg.Cursor[tuple[Any, ...]], catalogue: Catalogue, used: Sequence[Origin]) -> Claims:
    """Return the tenant of each of the cast, the one of theirs with most rows where it is ``used``, or one in turn."""
    origin = min({_origin(catalogue, place) for place in used}, key=lambda p: (catalogue.tables[p[0]].title, p[1]))
    seen = sql.SQL(" union all ").join(
        sql.SQL("select {}::text as tenant from {}").format(sql.Identifier(column), catalogue.tables[table].identifier)
        for table, column in used
    )
    ids = {person.id: name for name, person in CAST.items() if person.id}
    found: Claims = {}
    memberships = [
        (who not in table.primary_key, not MEMBERS.search(table.name), table.title, column, who, table)
        for table in catalogue.tables.values()
        for column in table.columns
        if (table.oid, column) != origin and _origin(catalogue, (table.oid, column)) == origin
        for who in _members(catalogue, table, column)
    ]
    for *_, column, who, table in sorted(memberships, key=lambda membership: membership[:-1]):
        held = sql.SQL(
            """
            select m.{0}::text, m.{1}::text from {2} m
            left join (select s.tenant, count(*) as rows from ({3}) s group by 1) s on s.tenant = m.{1}::text
            where m.{0}::text = any (%s) and m.{1} is not null order by 1, s.rows desc nulls last, 2
            """
        )
        question = held.format(sql.Identifier(who), sql.Identifier(column), table.identifier, seen)
        rows = cursor.execute(question, (list(ids),)).fetchall()
        held_by: dict[str, list[str]] = {}
        for person, value in rows:
            held_by.setdefault(ids[person], []).append(value)
        found = {name: values[0] for name, values in held_by.items()}
        for name in _SECOND:  # those who differ have another than the first ones, if they can
            others = [value for value in held_by.get(name, ()) if value != found.get(_FIRST[0])]
            found |= {name: others[0]} if others else {}
        if found:
            break
    else:
        table = catalogue.tables[origin[0]]
        some = sql.SQL("select distinct {0}::text from {1} where {0} is not null order by 1 limit 2")
        question = some.format(sql.Identifier(origin[1]), table.identifier)
        values = [value for (value,) in cursor.execute(question).fetchall()]
        for names, value in zip((_FIRST, _SECOND), values, strict=False):
            found |= dict.fromkeys(names, value)
    kind = catalogue.plain(catalogue.tables[origin[0]].columns[origin[1]].type, -1)[0].category
    return {name: int(value) if kind == "N" and value.isdigit() else value for name, value in found.items()}


def _members(catalogue: Catalogue, table: Table, column: str) -> Iterator[str]:
    """Yield the columns of the people whom a table lets belong to a tenant, once or to each at most once."""
    for name in table.columns:
        unique = any(name in key and {*key} <= {name, column} for key in table.unique_keys)
        if name != column and unique and _is_person(catalogue, table, name):
            yield name


def _is_person(catalogue: Catalogue, table: Table, column: str) -> bool:
    place = _origin(catalogue, (table.oid, column))
    keys = catalogue.tables[place[0]].foreign_keys
    return any(key.title == "auth.users" and place[1] in key.columns for key in keys)

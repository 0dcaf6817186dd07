"""What the project's own triggers make of made-up rows: the ids that a BEFORE trigger takes from elsewhere.

Rows are loaded with triggers off, so that a row may come to a tenant that is not its parent's, where a trigger would
have seen to it: no such row is in any database, and what somebody reaches by it is nobody's gain. The triggers are let
loose on a copy, as for a new row, and what they say of ids is taken over. Other columns stay as they are: a trigger
that makes every new row a draft would leave no other.

Whoever makes a team is often made a member of it by an AFTER trigger: people whose rows lack that would gain by it
what nobody gains. So what such triggers write into tables that say who belongs to what is written here, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from audit.names import OWNERS
from audit.people import CAST
from audit.seeding.loading import leads_nowhere, own_rows, stubborn_triggers_off
from audit.seeding.signup import fire, settings_kept
from audit.seeding.tables import Catalogue, Table

# What a trigger takes from a row that another trigger has settled is right at the next round.
MOST_ROUNDS = 3
COPY = sql.Identifier("pg_temp", "audit_settled")

# A function that asks which table it is called for would be told another one's name. The bits of tgtype: for each row,
# before, insert. https://www.postgresql.org/docs/current/catalog-pg-trigger.html
_TRIGGERS = """
select g.tgrelid::bigint, pg_catalog.pg_get_triggerdef(g.oid), pg_catalog.format(' ON %%I.%%I ', n.nspname, c.relname),
       p.prosrc
from pg_catalog.pg_trigger g
join pg_catalog.pg_class c on c.oid = g.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_proc p on p.oid = g.tgfoid
where c.oid = any (%s::bigint[]::oid[]) and not g.tgisinternal and g.tgenabled in ('O', 'A') and g.tgtype & 7 = 7
and p.prosrc !~* '\\mtg_(relid|relname|table_name)\\M'
order by g.tgname
"""
# Those that fire after a new row: for each row, insert, and not before. Functions that do more than adding rows of who
# belongs to what are left alone.
_JOINING = """
select g.tgrelid::bigint, g.tgname::text, pg_catalog.pg_get_triggerdef(g.oid),
       pg_catalog.format(' ON %%I.%%I ', n.nspname, c.relname), p.prosrc
from pg_catalog.pg_trigger g
join pg_catalog.pg_class c on c.oid = g.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_proc p on p.oid = g.tgfoid
where c.oid = any (%s::bigint[]::oid[]) and not g.tgisinternal and g.tgenabled in ('O', 'A') and g.tgtype & 71 = 5
and g.tgconstraint = 0 and not g.tgdeferrable and g.tgnargs = 0
and p.prosrc !~* '\\m(tg_relid|tg_relname|tg_table_name|update|delete|execute|perform)\\M'
order by g.tgname
"""
_ADDS = re.compile(r'\binsert\s+into\s+(?:"?(\w+)"?\s*\.\s*)?"?(\w+)"?', re.IGNORECASE)
# How many rows of each person such a trigger is let loose on.
MOST_THEIRS = 8
_GIVEN = re.compile(r"\bnew\s*\.\s*\"?(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class _Settled:
    """A table whose triggers say of some columns which ids they hold, and what makes these triggers on the copy."""

    table: Table
    columns: tuple[str, ...]
    triggers: tuple[str, ...]


def settle(conn: psycopg.Connection[Any], catalogue: Catalogue) -> None:
    """Give rows the ids that triggers would have given them, in a transaction in which triggers do not fire.

    And let whoever made something belong to it, where triggers see to that.

    A table whose triggers refuse rows, or take too long, stays as it is. Raises psycopg.Error when the connection is
    lost.
    """
    waiting = list(_to_settle(conn, catalogue))
    for _ in range(MOST_ROUNDS):
        waiting = [each for each in waiting if _settled(conn, each)]
    _join(conn, catalogue)


def _to_settle(conn: psycopg.Connection[Any], catalogue: Catalogue) -> Iterator[_Settled]:
    found: dict[int, list[tuple[str, str]]] = {}
    asked = conn.cursor(row_factory=tuple_row).execute(_TRIGGERS, (list(catalogue.tables),))
    for relation, definition, place, source in asked.fetchall():
        found.setdefault(relation, []).append((definition.replace(place, " ON pg_temp.audit_settled ", 1), source))
    for relation, triggers in found.items():
        table = catalogue.tables[relation]
        named = {name for _, source in triggers for name in _GIVEN.findall(source)}
        columns = tuple(name for name in table.columns if name in named and _holds_ids(catalogue, table, name))
        if columns and table.primary_key:
            yield _Settled(table, columns, tuple(definition for definition, _ in triggers))


def _holds_ids(catalogue: Catalogue, table: Table, name: str) -> bool:
    """Tell whether a column holds ids of other rows: by a key, or because other tables have one of its name."""
    column = table.columns[name]
    if name in table.primary_key or column.generated:
        return False
    if any(name in key.columns for key in table.foreign_keys):
        return True
    is_elsewhere = any(name in other.columns for other in catalogue.tables.values() if other is not table)
    return is_elsewhere and catalogue.plain(column.type, column.modifier)[0].name == "uuid"


def _settled(conn: psycopg.Connection[Any], wanted: _Settled) -> bool:
    """Settle the rows of one table; tell whether any was changed."""
    try:
        with settings_kept(conn), conn.transaction():
            _let_loose(conn, wanted)
            changed = _take_over(conn, wanted)
            conn.execute(sql.SQL("drop table {}").format(COPY))
            return changed > 0
    except psycopg.Error:
        if conn.broken:
            raise
        return False


def _let_loose(conn: psycopg.Connection[Any], wanted: _Settled) -> None:
    """Put all rows into a copy of the table, whose triggers fire."""
    conn.execute("set local session_replication_role = origin; set local search_path = public, extensions")
    conn.execute(sql.SQL("create temporary table audit_settled (like {})").format(wanted.table.identifier))
    for trigger in wanted.triggers:
        conn.execute(trigger.encode(), prepare=False)
    names = _names(name for name, column in wanted.table.columns.items() if not column.generated)
    fire(conn, sql.SQL("insert into {} ({}) select {} from {}").format(COPY, names, names, own_rows(wanted.table)))
    conn.execute("set local session_replication_role = replica")


def _take_over(conn: psycopg.Connection[Any], wanted: _Settled) -> int:
    """Take the ids over from the copy, where it has some, and return how many rows changed.

    Raises psycopg.Error where rows would lead nowhere.
    """
    table = wanted.table
    differs = sql.SQL(" or ").join(
        sql.SQL("s.{0} is distinct from t.{0}").format(sql.Identifier(c)) for c in wanted.columns
    )
    with stubborn_triggers_off(conn, table):
        changed = conn.execute(
            sql.SQL("update {} as t set {} from {} as s where {} and ({})").format(
                own_rows(table),
                sql.SQL(", ").join(
                    sql.SQL("{0} = coalesce(s.{0}, t.{0})").format(sql.Identifier(c)) for c in wanted.columns
                ),
                COPY,
                sql.SQL(" and ").join(sql.SQL("s.{0} = t.{0}").format(sql.Identifier(c)) for c in table.primary_key),
                differs,
            )
        ).rowcount
    _lead_somewhere(conn, [table])
    return changed


def _lead_somewhere(conn: psycopg.Connection[Any], tables: Iterable[Table]) -> None:
    """Raise psycopg.Error where rows refer to what is not there."""
    for table in tables:
        for key in table.foreign_keys:
            nowhere = sql.SQL("select from {} c where {}").format(own_rows(table), leads_nowhere(key))
            if conn.execute(nowhere).fetchone() is not None:
                raise psycopg.errors.ForeignKeyViolation


def _names(columns: Sequence[str] | Iterator[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _join(conn: psycopg.Connection[Any], catalogue: Catalogue) -> None:
    """Let triggers add who belongs to what, for rows of the cast. What fails is left as it is."""
    asked = conn.cursor(row_factory=tuple_row).execute(_JOINING, (list(catalogue.tables),))
    for relation, name, definition, place, source in asked.fetchall():
        table = catalogue.tables[relation]
        added = [_named(catalogue, *found) for found in _ADDS.findall(source)]
        owner = next((column for column in OWNERS if column in table.columns), None)
        if added and owner and table.primary_key and all(each and _says_who_belongs(each, table) for each in added):
            trigger = definition.replace(place, " ON pg_temp.audit_settled ", 1)
            try:
                with settings_kept(conn), conn.transaction():
                    _made_members(conn, table, owner, (name, trigger), {each.oid: each for each in added if each})
            except psycopg.Error:
                if conn.broken:
                    raise


def _named(catalogue: Catalogue, schema: str, name: str) -> Table | None:
    found = [t for t in catalogue.tables.values() if t.name == name and schema in ("", t.schema)]
    return found[0] if len(found) == 1 else None


def _says_who_belongs(table: Table, whole: Table) -> bool:
    """Tell whether rows of a table say who belongs to a row of another one."""
    refers = {column for key in table.foreign_keys if key.parent == whole.oid for column in key.columns}
    people = {
        column
        for key in table.foreign_keys
        if key.parent != whole.oid and len(key.columns) == 1
        for column in key.columns
    }
    return bool(refers) and bool((people | {*OWNERS} & table.columns.keys()) - refers)


def _made_members(
    conn: psycopg.Connection[Any], table: Table, owner: str, trigger: tuple[str, str], added: dict[int, Table]
) -> None:
    """Put rows of each of the cast into a copy whose trigger fires; only that one does. Raises psycopg.Error."""
    name, definition = trigger
    conn.execute(sql.SQL("create temporary table audit_settled (like {})").format(table.identifier))
    conn.execute("set local search_path = public, extensions")
    conn.execute(definition.encode(), prepare=False)
    conn.execute(sql.SQL("alter table {} enable always trigger {}").format(COPY, sql.Identifier(name)))
    names = _names(column for column, each in table.columns.items() if not each.generated)
    key = sql.SQL(" || ' ' || ").join(sql.SQL("{}::text").format(sql.Identifier(c)) for c in table.primary_key)
    for person in CAST.values():
        if person.id is None:
            continue
        claims = json.dumps({"sub": person.id, "role": "authenticated"})
        conn.execute(
            "select pg_catalog.set_config('request.jwt.claims', %s, true),"
            " pg_catalog.set_config('request.jwt.claim.sub', %s, true)",
            (claims, person.id),
        )
        theirs = sql.SQL("select {} from {} where {}::text = {} order by 1 limit {}").format(
            key, own_rows(table), sql.Identifier(owner), sql.Literal(person.id), sql.Literal(MOST_THEIRS)
        )
        for (row,) in conn.cursor(row_factory=tuple_row).execute(theirs).fetchall():
            insert = sql.SQL("insert into {} ({}) select {} from {} where {} = {}").format(
                COPY, names, names, own_rows(table), key, sql.Literal(row)
            )
            try:
                with conn.transaction():
                    fire(conn, insert)
            except psycopg.errors.IntegrityError:
                pass  # they belong to it already
    conn.execute(
        "select pg_catalog.set_config('request.jwt.claims', '', true),"
        " pg_catalog.set_config('request.jwt.claim.sub', '', true)"
    )
    conn.execute(sql.SQL("drop table {}").format(COPY))
    _lead_somewhere(conn, added.values())

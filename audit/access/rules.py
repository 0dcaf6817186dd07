"""What the rules of access say of each table, as they are written: policies, and the grants beside them.

Read where the tables are armed for the matrix (:func:`audit.access.matrix.opened_tables`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from audit.access.results import COMMANDS
from audit.names import OWNERS, private_columns, secret_columns
from audit.question import Cursor

ROLES = ("anon", "authenticated")
CODES = {"select": "r", "insert": "a", "update": "w", "delete": "d"}

POLICIES = """
select t.relation, quote_ident(p.polname), p.polcmd::text, p.polpermissive,
       array(select r.rolname::text from pg_catalog.pg_roles r
             where r.rolname = any (%s) and exists (
                 select from unnest(p.polroles) as named where case when named = 0 then true
                 else pg_catalog.pg_has_role(r.oid, named, 'usage') end)),
       pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
from pg_temp.audit_table t join pg_catalog.pg_policy p on p.polrelid = t.id
order by 1, 2
"""

# What each role may do with each table: commands, and the columns that it may not read, or not change.
RIGHTS = """
select g.relation, g.role::text, g.reads is not null, g.inserts is not null, g.updates is not null, g.deletes,
       array(select a.attname::text from pg_catalog.pg_attribute a
             where a.attrelid = t.id and a.attnum > 0 and not a.attisdropped
             and not pg_catalog.has_column_privilege(g.role, t.id, a.attnum, 'select') order by a.attnum),
       array(select a.attname::text from pg_catalog.pg_attribute a
             where a.attrelid = t.id and a.attnum > 0 and not a.attisdropped
             and not pg_catalog.has_column_privilege(g.role, t.id, a.attnum, 'update') order by a.attnum)
from pg_temp.audit_grant g join pg_temp.audit_table t on t.relation = g.relation
"""

# Whether rows are somebody's, or hold what is private by its name.
SOMEBODYS = """
select t.relation, coalesce(t.people, '{}') <> '{}' or exists (
    select from pg_catalog.pg_attribute a where a.attrelid = t.id and a.attnum > 0 and not a.attisdropped
    and (a.attname = any (%(owners)s) or a.attname ~* %(secret)s or a.attname ~* %(private)s))
from pg_temp.audit_table t
"""


@dataclass(frozen=True)
class Rule:
    """A policy, as far as a draft reads it."""

    name: str
    command: str
    permissive: bool
    roles: tuple[str, ...]
    using: str | None
    check: str | None

    def condition(self, command: str) -> str:
        """Return what it asks of a row for a command; without a condition, nothing."""
        given = (self.check or self.using) if command == "insert" else self.using
        return given or "true"

    def goes_for(self, command: str, role: str) -> bool:
        """Tell whether it applies to a command of a role."""
        return role in self.roles and self.command in ("*", CODES[command])


@dataclass(frozen=True)
class Rights:
    """What a role may do with a table by its grants: commands, and the columns that it may not read, or not set."""

    commands: frozenset[str]
    hidden: tuple[str, ...]
    fixed: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What the catalogue says of all tables. ``somebodys`` are those whose rows are somebody's, or private by name."""

    rules: Mapping[str, Sequence[Rule]]
    rights: Mapping[tuple[str, str], Rights]
    security: Mapping[str, bool]
    somebodys: frozenset[str]


def known_of(cursor: Cursor, security: Mapping[str, bool]) -> Known:
    """Return what the catalogue says of all tables of an observatory; ``security``: whether their rules are on."""
    with qualified(cursor):
        return _asked(cursor, security)


@contextmanager
def qualified(cursor: Cursor) -> Iterator[None]:
    """Let names come qualified, as they do when the path is empty."""
    cursor.execute("select pg_catalog.current_setting('search_path')")
    ((path,),) = cursor.fetchall()
    cursor.execute("select pg_catalog.set_config('search_path', '', true)")
    yield
    cursor.execute("select pg_catalog.set_config('search_path', %s, true)", [path])


def _asked(cursor: Cursor, security: Mapping[str, bool]) -> Known:
    cursor.execute(POLICIES, [[*ROLES]])
    rules: dict[str, list[Rule]] = {}
    for relation, name, command, permissive, roles, using, check in cursor.fetchall():
        if roles:  # others say nothing of who calls the API
            rules.setdefault(relation, []).append(Rule(name, command, permissive, tuple(roles), using, check))
    cursor.execute(RIGHTS)
    rights = {
        (relation, role): Rights(
            frozenset(command for command, may in zip(COMMANDS, (reads, adds, changes, deletes), strict=True) if may),
            tuple(hidden),
            tuple(fixed),
        )
        for relation, role, reads, adds, changes, deletes, hidden, fixed in cursor.fetchall()
    }
    given = {"owners": list(OWNERS), "secret": secret_columns({}), "private": private_columns({})}
    cursor.execute(SOMEBODYS, given)
    somebodys = frozenset(relation for relation, somebodys in cursor.fetchall() if somebodys)
    return Known(rules, rights, security, somebodys)
